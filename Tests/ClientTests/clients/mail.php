<?php
// SPDX-License-Identifier: Apache-2.0
// PHP's mail(): TEXT; the subject is in SUBJECT, and sendmail_path is where mail goes.
$subject = '=?UTF-8?B?' . base64_encode(getenv('SUBJECT')) . '?=';
$headers = ['From' => 'bounces@app.example', 'Bcc' => 'two@dest.example', 'MIME-Version' => '1.0',
    'Content-Type' => 'text/plain; charset=UTF-8', 'Content-Transfer-Encoding' => '8bit'];
$sent = mail('one@dest.example', $subject, file_get_contents($argv[1]), $headers, '-fbounces@app.example');
exit($sent ? 0 : 1);
