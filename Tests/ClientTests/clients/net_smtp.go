// SPDX-License-Identifier: Apache-2.0

// Go's net/smtp: HOST PORT MESSAGE.
package main

import (
	"log"
	"net/smtp"
	"os"
)

func main() {
	content, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	recipients := []string{"one@dest.example", "two@dest.example"}
	// A login that was set up is used, since the relay is on this machine.
	login := smtp.PlainAuth("", "app", "a password", os.Args[1])
	err = smtp.SendMail(os.Args[1]+":"+os.Args[2], login, "bounces@app.example", recipients, content)
	if err != nil {
		log.Fatal(err)
	}
}
