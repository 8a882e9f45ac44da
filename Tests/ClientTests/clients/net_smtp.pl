# SPDX-License-Identifier: Apache-2.0
# Perl's Net::SMTP: HOST PORT MESSAGE.
use strict;
use warnings;
use Net::SMTP;

my ($host, $port, $path) = @ARGV;
open my $file, '<:raw', $path or die "$path: $!";
my $content = do { local $/; <$file> };
my $client = Net::SMTP->new($host, Port => $port, Hello => 'app.example', Timeout => 30) or die "no connection: $@";
$client->mail('bounces@app.example', Bits => '8') or die $client->message;
$client->recipient('one@dest.example', 'two@dest.example', { Notify => ['NEVER'] }) or die $client->message;
$client->data($content) or die $client->message;
$client->quit or die $client->message;
