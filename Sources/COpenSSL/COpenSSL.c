// SPDX-License-Identifier: Apache-2.0
/// The pipe as a BIO, the callbacks that fill it, and readings of certificates that take more than one call.
#include "COpenSSL.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SPILL_LIMIT (1u << 20)

static BIO_METHOD *method;
static pthread_once_t method_made = PTHREAD_ONCE_INIT;

static int pipe_read(BIO *bio, char *bytes, size_t room, size_t *count)
{
    copenssl_pipe *pipe = BIO_get_data(bio);
    size_t waiting = pipe->input_count - pipe->input_used;
    BIO_clear_retry_flags(bio);
    if (waiting == 0) {
        *count = 0;
        if (pipe->input_ended)
            return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    *count = waiting < room ? waiting : room;
    memcpy(bytes, pipe->input + pipe->input_used, *count);
    pipe->input_used += *count;
    return 1;
}

static int reserve_spill(copenssl_pipe *pipe, size_t more)
{
    size_t needed = pipe->spill_used + more;
    size_t room = pipe->spill_room ? pipe->spill_room : 512;
    if (needed <= pipe->spill_room)
        return 1;
    if (needed > SPILL_LIMIT)
        return 0;
    while (room < needed)
        room *= 2;
    uint8_t *larger = realloc(pipe->spill, room);
    if (!larger)
        return 0;
    pipe->spill = larger;
    pipe->spill_room = room;
    return 1;
}

static int pipe_write(BIO *bio, const char *bytes, size_t count, size_t *written)
{
    copenssl_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *written = 0;
    if (pipe->spill_used == 0 && count <= pipe->output_room - pipe->output_used) {
        memcpy(pipe->output + pipe->output_used, bytes, count);
        pipe->output_used += count;
    } else {
        if (!reserve_spill(pipe, count))
            return 0;
        memcpy(pipe->spill + pipe->spill_used, bytes, count);
        pipe->spill_used += count;
    }
    *written = count;
    return 1;
}

static long pipe_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    copenssl_pipe *pipe = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return pipe->input_ended && pipe->input_used == pipe->input_count;
    case BIO_CTRL_PENDING:
        return (long)(pipe->input_count - pipe->input_used);
    default:
        return 0;
    }
}

static int pipe_destroy(BIO *bio)
{
    copenssl_pipe *pipe = BIO_get_data(bio);
    if (!pipe)
        return 1;
    X509_free(pipe->offender);
    X509_free(pipe->leaf);
    SSL_SESSION_free(pipe->session);
    free(pipe->spill);
    free(pipe);
    BIO_set_data(bio, NULL);
    return 1;
}

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pipe");
    if (!made)
        return;
    BIO_meth_set_read_ex(made, pipe_read);
    BIO_meth_set_write_ex(made, pipe_write);
    BIO_meth_set_ctrl(made, pipe_control);
    BIO_meth_set_destroy(made, pipe_destroy);
    method = made;
}

copenssl_pipe *copenssl_attach_pipe(SSL *ssl)
{
    pthread_once(&method_made, make_method);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return NULL;
    copenssl_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe) {
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, pipe);
    return pipe;
}

void copenssl_free(SSL *ssl)
{
    /* A session that was not shut down would be marked as not to be resumed, which we judge ourselves. */
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
}

void copenssl_drop_spill(copenssl_pipe *pipe)
{
    free(pipe->spill);
    pipe->spill = NULL;
    pipe->spill_room = pipe->spill_used = 0;
}

/* Checks the peer's chain as OpenSSL would, and keeps what it stumbled over. The handshake itself forgets the certificate when it fails. */
static int verify_chain(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    int trusted = X509_verify_cert(store);
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    copenssl_pipe *pipe = ssl ? SSL_get_app_data(ssl) : NULL;
    if (trusted > 0 || !pipe)
        return trusted;
    int error = X509_STORE_CTX_get_error(store);
    X509 *offender = X509_STORE_CTX_get_current_cert(store);
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    X509_free(pipe->offender);
    X509_free(pipe->leaf);
    pipe->verify_error = error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
    pipe->offender = offender && X509_up_ref(offender) ? offender : NULL;
    pipe->leaf = leaf && X509_up_ref(leaf) ? leaf : NULL;
    return trusted;
}

static int leave_judgement(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

void copenssl_leave_judgement(SSL_CTX *context) { SSL_CTX_set_cert_verify_callback(context, leave_judgement, NULL); }

/* Takes over each session the peer offers; the newest counts. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    copenssl_pipe *pipe = SSL_get_app_data(ssl);
    if (!pipe)
        return 0;
    SSL_SESSION_free(pipe->session);
    pipe->session = session;
    return 1;
}

static int no_pass_phrase(char *text, int room, int for_writing, void *unused)
{
    (void)text;
    (void)room;
    (void)for_writing;
    (void)unused;
    return -1;
}

void copenssl_prepare_context(SSL_CTX *context, int is_server)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
    SSL_CTX_set_cert_verify_callback(context, verify_chain, NULL);
    if (is_server) {
        static const unsigned char name[] = "posthouse";
        SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context, 1);
    } else {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, keep_session);
    }
}

/* Appends one name to the text, behind a line break unless it is the first. Bytes that could deceive a reader become '?'. */
static void add_name(char *text, size_t room, const char *name, size_t count)
{
    size_t used = strlen(text);
    if (used && used + 1 < room)
        text[used++] = '\n';
    for (size_t i = 0; i < count && used + 1 < room; i++)
        text[used++] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
    text[used] = 0;
}

int copenssl_names(X509 *certificate, char *text, size_t room)
{
    int count = 0;
    text[0] = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type == GEN_DNS) {
            add_name(text, room, (const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
            count++;
        } else if (type == GEN_IPADD) {
            char address[INET6_ADDRSTRLEN];
            int family = ASN1_STRING_length(value) == 4 ? AF_INET : ASN1_STRING_length(value) == 16 ? AF_INET6 : AF_UNSPEC;
            if (!inet_ntop(family, ASN1_STRING_get0_data(value), address, sizeof address))
                continue;
            add_name(text, room, address, strlen(address));
            count++;
        }
    }
    GENERAL_NAMES_free(names);
    return count;
}

void copenssl_distinguished_name(const X509_NAME *name, char *text, size_t room)
{
    text[0] = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_QUOTE & ~XN_FLAG_SPC_EQ) >= 0) {
        int count = BIO_read(bio, text, (int)room - 1);
        text[count > 0 ? count : 0] = 0;
    }
    BIO_free(bio);
}

int64_t copenssl_seconds(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (!epoch || !ASN1_TIME_diff(&days, &seconds, epoch, time))
        days = seconds = 0;
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

size_t copenssl_server_end_point(X509 *certificate, uint8_t *digest, size_t room)
{
    int hash = NID_undef;
    unsigned int count = 0;
    if (!X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) || hash == NID_undef || room < EVP_MAX_MD_SIZE)
        return 0;
    const EVP_MD *md = hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
    return md && X509_digest(certificate, md, digest, &count) ? count : 0;
}

size_t copenssl_key_fingerprint(X509 *certificate, uint8_t *digest, size_t room)
{
    unsigned char *form = NULL;
    unsigned int count = 0;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &form);
    if (length <= 0)
        return 0;
    int made = room >= 32 && EVP_Digest(form, (size_t)length, digest, &count, EVP_sha256(), NULL) == 1;
    OPENSSL_free(form);
    return made ? count : 0;
}

int copenssl_use_key(SSL_CTX *context, const char *file)
{
    return SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(context) == 1;
}
