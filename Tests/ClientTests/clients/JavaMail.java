// SPDX-License-Identifier: Apache-2.0

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import javax.mail.Message;
import javax.mail.Session;
import javax.mail.Transport;
import javax.mail.internet.InternetAddress;
import javax.mail.internet.MimeMessage;

/** JavaMail, logging in: HOST PORT TEXT; the subject is in SUBJECT. */
public final class JavaMail {
  public static void main(String[] words) throws Exception {
    Properties properties = new Properties();
    properties.put("mail.smtp.host", words[0]);
    properties.put("mail.smtp.port", words[1]);
    properties.put("mail.smtp.auth", "true");
    properties.put("mail.smtp.from", "bounces@app.example");
    properties.put("mail.smtp.timeout", "30000");
    MimeMessage message = new MimeMessage(Session.getInstance(properties));
    message.setFrom(new InternetAddress("bounces@app.example"));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress("one@dest.example"));
    message.setRecipient(Message.RecipientType.BCC, new InternetAddress("two@dest.example"));
    message.setSubject(System.getenv("SUBJECT"), "UTF-8");
    message.setText(Files.readString(Path.of(words[2])), "UTF-8");
    Transport.send(message, "app", "a password");
  }
}
