/* SPDX-License-Identifier: Apache-2.0 */
/* What key is in this PEM or DER, and how is one written? Reading ends in numbers, which are judged like those of
 * a JWK: there is one way to become a handle. Nothing here ever asks for a passphrase. */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buffer.h"
#include "crypto/backend_openssl.h"

static enum jeton_status refuse(struct jeton_detail *detail, const char *why)
{
    if (jt_openssl_failed(JETON_KEY_INVALID) == JETON_OUT_OF_MEMORY)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
    return jt_fail(detail, JETON_KEY_INVALID, "%s", why);
}

/* --- One reader per structure. Each takes the whole of the bytes or nothing. --- */

static EVP_PKEY *whole(EVP_PKEY *pkey, const unsigned char *at, const unsigned char *end)
{
    if (pkey != NULL && at == end)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *read_spki(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, len);
    return whole(pkey, at, end);
}

static EVP_PKEY *read_rsa_public(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    EVP_PKEY *pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
    return whole(pkey, at, end);
}

static EVP_PKEY *read_certificate(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    X509 *certificate = d2i_X509(NULL, &at, len);
    EVP_PKEY *pkey = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return whole(pkey, at, end);
}

static EVP_PKEY *read_pkcs8(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, len);
    EVP_PKEY *pkey = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return whole(pkey, at, end);
}

static EVP_PKEY *read_rsa_secret(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    EVP_PKEY *pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, len);
    return whole(pkey, at, end);
}

static EVP_PKEY *read_ec_secret(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    EVP_PKEY *pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, len);
    return whole(pkey, at, end);
}

/* What a label promises. */
static const struct {
    const char *label;
    bool secret;
    EVP_PKEY *(*read)(const unsigned char *at, long len);
} readers[] = {
    {"PUBLIC KEY", false, read_spki},         {"RSA PUBLIC KEY", false, read_rsa_public},
    {"CERTIFICATE", false, read_certificate}, {"X509 CERTIFICATE", false, read_certificate},
    {"PRIVATE KEY", true, read_pkcs8},        {"RSA PRIVATE KEY", true, read_rsa_secret},
    {"EC PRIVATE KEY", true, read_ec_secret},
};

struct found {
    EVP_PKEY *pkey;
    bool secret;
};

static void found_done(struct found *found)
{
    EVP_PKEY_free(found->pkey);
}

/* --- PEM --- */

struct block {
    char *label;
    char *header;
    unsigned char *at;
    long len;
};

static void block_done(struct block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->at, (size_t)block->len);
    *block = (struct block){0};
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* JETON_OK with found->pkey NULL: no key, read on. */
static enum jeton_status read_block(const struct block *block, struct found *found, struct jeton_detail *detail)
{
    struct jt_shown label = jt_escape(jeton_text(block->label));
    if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0 || strstr(block->header, "ENCRYPTED") != NULL)
        return jt_fail(detail, JETON_KEY_INVALID, "the private key is encrypted; jeton reads unencrypted ones");
    for (size_t i = 0; i < JT_COUNT(readers); i++) {
        if (strcmp(block->label, readers[i].label) != 0)
            continue;
        found->pkey = readers[i].read(block->at, block->len);
        found->secret = readers[i].secret;
        if (found->pkey == NULL && jt_openssl_failed(JETON_KEY_INVALID) == JETON_OUT_OF_MEMORY)
            return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
        if (found->pkey == NULL)
            return jt_fail(detail, JETON_KEY_INVALID, "the PEM block %s cannot be read as such", label.text);
        return JETON_OK;
    }
    if (ends_with(block->label, " KEY"))
        return jt_fail(detail, JETON_KEY_INVALID, "PEM block %s is of a kind that is not supported", label.text);
    return JETON_OK; /* parameters, a request, a revocation list: no key */
}

static enum jeton_status read_pem(struct jeton_bytes text, struct found *found, struct jeton_detail *detail)
{
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.len);
    if (bio == NULL)
        return jt_fail(detail, jt_openssl_failed(JETON_OUT_OF_MEMORY), "no memory for a key");
    enum jeton_status status = JETON_OK;
    while (status == JETON_OK && found->pkey == NULL) {
        struct block block = {0};
        if (PEM_read_bio(bio, &block.label, &block.header, &block.at, &block.len) <= 0) {
            bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            status = refuse(detail, end ? "there is no key in the PEM text" : "the PEM text is damaged");
        } else {
            status = read_block(&block, found, detail);
        }
        block_done(&block);
    }
    BIO_free(bio);
    return status;
}

/* --- DER, told by content: each structure fails at once on the others. --- */

static bool is_encrypted_der(const unsigned char *at, long len)
{
    const unsigned char *end = at + len;
    X509_SIG *encrypted = d2i_X509_SIG(NULL, &at, len); /* EncryptedPrivateKeyInfo has this shape (RFC 5958 §3) */
    bool is = encrypted != NULL && at == end;
    X509_SIG_free(encrypted);
    ERR_clear_error();
    return is;
}

static enum jeton_status read_der(struct jeton_bytes der, struct found *found, struct jeton_detail *detail)
{
    static const size_t order[] = {0, 4, 2, 5, 6, 1}; /* into readers: SPKI, PKCS#8, X.509, PKCS#1, SEC 1, PKCS#1 */
    for (size_t i = 0; i < JT_COUNT(order); i++) {
        found->pkey = readers[order[i]].read(der.at, (long)der.len);
        found->secret = readers[order[i]].secret;
        if (found->pkey != NULL)
            return JETON_OK;
        if (jt_openssl_failed(JETON_KEY_INVALID) == JETON_OUT_OF_MEMORY)
            return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
    }
    if (is_encrypted_der(der.at, (long)der.len))
        return jt_fail(detail, JETON_KEY_INVALID, "the private key is encrypted; jeton reads unencrypted ones");
    return jt_fail(detail, JETON_KEY_INVALID, "neither PEM nor a DER key or certificate");
}

/* --- What kind of key that is --- */

static enum jeton_status ec_curve(const EVP_PKEY *pkey, enum jt_curve *curve, struct jeton_detail *detail)
{
    char text[64] = {0};
    size_t len = 0;
    /* Parameters written out are not looked up: a certificate could bring a generator of its own (CVE-2020-0601) */
    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING, text, sizeof text, &len) > 0 &&
        strcmp(text, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
        return refuse(detail, "the EC key spells its curve out instead of naming it");
    if (EVP_PKEY_get_group_name(pkey, text, sizeof text, &len) > 0)
        *curve = jt_openssl_curve(text);
    ERR_clear_error();
    if (*curve == JT_CURVE_NONE)
        return jt_fail(detail, JETON_KEY_INVALID, "the curve of the EC key is not supported");
    return JETON_OK;
}

static enum jeton_status kind_of(const EVP_PKEY *pkey, enum jt_key_type *type, enum jt_curve *curve,
                                 struct jeton_detail *detail)
{
    *type = JT_KEY_NONE;
    *curve = JT_CURVE_NONE;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *type = JT_KEY_RSA;
        return JETON_OK;
    }
    if (EVP_PKEY_is_a(pkey, "EC")) {
        *type = JT_KEY_EC;
        return ec_curve(pkey, curve, detail);
    }
    if (EVP_PKEY_is_a(pkey, "RSA-PSS"))
        return refuse(detail, "an RSA-PSS key with restrictions is not supported; use rsaEncryption");
    for (int i = JT_CURVE_ED25519; i <= JT_CURVE_MLDSA87; i++) {
        if (!EVP_PKEY_is_a(pkey, jt_openssl_name((enum jt_curve)i)))
            continue;
        *curve = (enum jt_curve)i;
        *type = i <= JT_CURVE_ED448 ? JT_KEY_OKP : JT_KEY_AKP;
        return JETON_OK;
    }
    const char *name = EVP_PKEY_get0_type_name(pkey);
    return jt_fail(detail, JETON_KEY_INVALID, "a key of type %s cannot sign tokens", name != NULL ? name : "unknown");
}

static bool is_pem(struct jeton_bytes bytes)
{
    return memmem(bytes.at, bytes.len, "-----BEGIN ", 11) != NULL;
}

enum jeton_status jt_openssl_decode(struct jeton_bytes pem_or_der, bool secret, struct jt_key_numbers *out,
                                    struct jt_secret *store, struct jeton_detail *detail)
{
    JT_AUTO(found_done) struct found found = {0};
    if (pem_or_der.len > INT_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "the key is too long");
    /* A certificate may have PEM in a comment, a text may start with "0": the structure that can be read wins. */
    enum jeton_status status = JETON_KEY_INVALID;
    bool pem = is_pem(pem_or_der);
    if (!pem || *(const unsigned char *)pem_or_der.at == 0x30)
        status = read_der(pem_or_der, &found, detail);
    if (pem && found.pkey == NULL && status != JETON_OUT_OF_MEMORY)
        status = read_pem(pem_or_der, &found, detail);
    ERR_clear_error();
    JT_TRY(status);
    if (secret && !found.secret)
        return jt_fail(detail, JETON_KEY_INVALID, "a public key, where a private one is needed");
    enum jt_key_type type;
    enum jt_curve curve;
    JT_TRY(kind_of(found.pkey, &type, &curve, detail));
    status = jt_openssl_pkey_numbers(found.pkey, type, curve, secret, out, store);
    return status == JETON_OK ? status : jt_fail(detail, status, "the numbers of the key cannot be read");
}

/* --- Writing --- */

static bool write_public(BIO *bio, EVP_PKEY *pkey, bool pem)
{
    return (pem ? PEM_write_bio_PUBKEY(bio, pkey) : i2d_PUBKEY_bio(bio, pkey)) > 0;
}

static bool write_secret(BIO *bio, EVP_PKEY *pkey, bool pem)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    bool wrote = info != NULL &&
                 (pem ? PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) : i2d_PKCS8_PRIV_KEY_INFO_bio(bio, info)) > 0;
    PKCS8_PRIV_KEY_INFO_free(info);
    return wrote;
}

enum jeton_status jt_openssl_encode(const struct jt_backend_key *key, bool secret, bool pem, struct jt_buffer *out)
{
    BIO *bio = BIO_new(secret ? BIO_s_secmem() : BIO_s_mem());
    char *text = NULL;
    long len = 0;
    bool wrote = bio != NULL && (secret ? write_secret(bio, key->pkey, pem) : write_public(bio, key->pkey, pem)) &&
                 (len = BIO_get_mem_data(bio, &text)) > 0;
    if (wrote)
        jt_buffer_add(out, jeton_bytes(text, (size_t)len));
    if (secret && text != NULL)
        jt_wipe(text, (size_t)len);
    BIO_free(bio);
    return wrote ? out->status : jt_openssl_failed(JETON_INTERNAL_ERROR);
}
