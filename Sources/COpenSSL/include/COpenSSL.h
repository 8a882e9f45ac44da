// SPDX-License-Identifier: Apache-2.0
/// OpenSSL 3.0 for Swift: its headers, its macros as functions, and what needs a C callback.
///
/// A `copenssl_pipe` stands where a socket would: the TLS machine reads borrowed bytes from it and writes into borrowed room, so that
/// ciphertext is copied once on its way in and once on its way out. What finds no room spills into memory of the pipe's own, so a write
/// never fails. Borrowed memory is set before each call into OpenSSL and taken away after it.
#ifndef COPENSSL_H
#define COPENSSL_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>

typedef struct copenssl_pipe {
    const uint8_t *input;
    size_t input_count;
    size_t input_used;
    uint8_t *output;
    size_t output_room;
    size_t output_used;
    uint8_t *spill;
    size_t spill_room;
    size_t spill_used;
    /// Set when the peer's side of the connection has ended: an empty input then means the end, not "later".
    int input_ended;
    /// What the check of the peer's certificate found first (X509_V_…), and the certificate it found it in; both owned.
    int verify_error;
    X509 *offender;
    X509 *leaf;
    /// The newest session the peer offered for resumption; owned.
    SSL_SESSION *session;
} copenssl_pipe;

/// Makes the pipe of `ssl` and ties both together; they are freed together by `copenssl_free`. Returns NULL when memory is short.
copenssl_pipe *copenssl_attach_pipe(SSL *ssl);

/// Frees a session and its pipe, leaving what it gave out for resumption usable.
void copenssl_free(SSL *ssl);

/// Gives back the memory of what spilled, after it was moved on.
void copenssl_drop_spill(copenssl_pipe *pipe);

/// Prepares a context: bounded buffers, no compression, no renegotiation, no prompt for a pass phrase, and the callbacks that fill
/// the pipe.
void copenssl_prepare_context(SSL_CTX *context, int is_server);

/// Lets every certificate pass, for a caller that judges it itself.
void copenssl_leave_judgement(SSL_CTX *context);

/// Writes the names a certificate is for (DNS names and addresses), one on each line, as a C string cut to the room; returns how many
/// there are.
int copenssl_names(X509 *certificate, char *text, size_t room);

/// Writes a distinguished name as one printable ASCII line, as a C string cut to the room.
void copenssl_distinguished_name(const X509_NAME *name, char *text, size_t room);

/// A certificate's time as seconds since 1970; 0 when it cannot be read.
int64_t copenssl_seconds(const ASN1_TIME *time);

/// The hash of RFC 5929 §4.1 over a certificate; returns its length, or 0 when none is defined for it.
size_t copenssl_server_end_point(X509 *certificate, uint8_t *digest, size_t room);

/// The SHA-256 hash of a certificate's SubjectPublicKeyInfo; returns its length, or 0 when it cannot be had.
size_t copenssl_key_fingerprint(X509 *certificate, uint8_t *digest, size_t room);

/// Loads a private key from a PEM file; 1, or 0 with the reason on OpenSSL's list.
int copenssl_use_key(SSL_CTX *context, const char *file);

static inline long copenssl_set_min_version(SSL_CTX *context, int version) { return SSL_CTX_set_min_proto_version(context, version); }

static inline long copenssl_set_host(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }

static inline int copenssl_reason(unsigned long code) { return ERR_GET_REASON(code); }

static inline int copenssl_library(unsigned long code) { return ERR_GET_LIB(code); }

#endif
