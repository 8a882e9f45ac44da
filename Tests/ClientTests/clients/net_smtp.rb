# SPDX-License-Identifier: Apache-2.0
# Ruby's Net::SMTP: HOST PORT MESSAGE.
require 'net/smtp'

host, port, path = ARGV
content = File.binread(path)
Net::SMTP.start(host, port.to_i, 'app.example') do |client|
  client.send_message(content, 'bounces@app.example', 'one@dest.example', 'two@dest.example')
end
