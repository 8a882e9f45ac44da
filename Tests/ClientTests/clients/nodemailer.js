// SPDX-License-Identifier: Apache-2.0
// Nodemailer: HOST PORT TEXT; the subject is in SUBJECT.
const fs = require('fs');
const nodemailer = require('nodemailer');

const [host, port, path] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host, port: Number(port), auth: { user: 'app', pass: 'a password' }, connectionTimeout: 30000,
});
transport.sendMail({
  envelope: { from: 'bounces@app.example', to: ['one@dest.example', 'two@dest.example'] },
  from: 'bounces@app.example', to: 'one@dest.example', subject: process.env.SUBJECT, text: fs.readFileSync(path, 'utf8'),
}).then((sent) => {
  if (sent.rejected.length > 0) throw new Error(sent.response);
}).catch((error) => {
  console.error(error);
  process.exit(1);
});
