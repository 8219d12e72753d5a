/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys judge this token? Those of files and fetched sets for every token, or, when none was named, those of the
 * issuer the token names among the trusted ones. */
#include "cli/verify.h"

struct note_context {
    struct cli *cli;
    const char *source;
    bool explain;
    size_t shown;
};

/* At most so many lines on one set's unused keys; `jeton keys lint` has them all. */
enum { NOTES_MAX = 16 };

static void note(void *context, const struct jeton_key_note *found)
{
    struct note_context *to = context;

    if (found->skip == JETON_SKIP_NONE || !to->explain || to->shown++ >= NOTES_MAX)
        return;
    cli_say(to->cli, "%s: key %zu (kid \"%s\") is not used: %s: %s", jt_escape(jeton_text(to->source)).text,
            found->index, jt_escape(found->kid).text, jeton_skip_name(found->skip), found->text);
}

static enum jeton_status add(struct cli *cli, const struct verify_keys *keys, struct jeton_keyset *set,
                             const char *source, struct jeton_bytes text, bool fetched, bool any,
                             struct jeton_detail *detail)
{
    struct jeton_keyset_options options = JETON_KEYSET_OPTIONS_INIT;
    struct note_context context = {cli, source, keys->explain, 0};
    size_t before = jeton_keyset_count(set);
    enum jeton_status status;

    options.origin = fetched ? JETON_ORIGIN_FETCHED : JETON_ORIGIN_OPERATOR;
    options.note = note;
    options.note_context = &context;
    status = any ? jeton_keyset_add(set, text, &options, detail) : jeton_keyset_add_jwks(set, text, &options, detail);
    if (status == JETON_OK && jeton_keyset_count(set) == before)
        cli_say(cli, "warning: %s holds no key that can be used", jt_escape(jeton_text(source)).text);
    return status;
}

static enum cli_exit add_file(struct cli *cli, struct verify_keys *keys, const char *path, bool any)
{
    struct jt_buffer text;
    struct jeton_detail detail = {""};
    enum cli_exit end;

    if (!cli_take_stdin(cli, path, any ? "--key" : "--jwks"))
        return cli->exit;
    if (cli_read(cli, path, CLI_KEYSET_MAX, &text)) {
        enum jeton_status status = add(cli, keys, keys->keys, path, jt_buffer_bytes(&text), false, any, &detail);

        end = status == JETON_OK ? CLI_GOOD : cli_fail(cli, path, status, &detail);
    } else {
        end = cli->exit;
    }
    jt_buffer_done(&text);
    return end;
}

static enum cli_exit add_secret(struct cli *cli, struct verify_keys *keys, const char *path)
{
    struct jt_secret secret = {0};
    struct jeton_detail detail = {""};
    enum jeton_status status;

    if (!cli_take_stdin(cli, path, "--secret") || !cli_read_secret(cli, path, CLI_KEY_MAX, &secret))
        return cli->exit;
    if (secret.len > 0 && secret.at[secret.len - 1] == '\n')
        cli_say(cli, "warning: %s ends with a line feed, which is a byte of the secret",
                jt_escape(jeton_text(path)).text);
    status = jeton_keyset_add_secret(keys->keys, jt_secret_bytes(&secret), &detail);
    jt_secret_done(&secret);
    return status == JETON_OK ? CLI_GOOD : cli_fail(cli, path, status, &detail);
}

/* A set that could not be fetched is not the end: each token still fails where it fails earlier in the order. */
static enum cli_exit no_keys(struct cli *cli, const char *url, enum jeton_status status, struct jeton_detail *why)
{
    enum cli_exit end;

    cli_name_options(why);
    end = cli_fail(cli, url, status, why);
    return status == JETON_KEYS_UNAVAILABLE ? CLI_GOOD : end;
}

/* Fetched text that is no key set is as unavailable as none; what it says is not repeated. */
static enum jeton_status add_fetched(struct cli *cli, const struct verify_keys *keys, struct jeton_keyset *set,
                                     const char *url, const struct jeton_output *body, struct jeton_detail *why)
{
    enum jeton_status status = add(cli, keys, set, url, jeton_bytes(body->at, body->len), true, false, NULL);

    if (status != JETON_KEY_INVALID)
        return status;
    return jt_fail(why, JETON_KEYS_UNAVAILABLE, "what came is no key set with a key that can be used");
}

static enum cli_exit add_url(struct cli *cli, struct verify_keys *keys, const char *url)
{
    struct jeton_output body = JETON_OUTPUT_INIT;
    struct jeton_detail why = {""};
    enum jeton_status status = jeton_fetch_keys(jeton_text(url), &cli->remote, &body, &why);

    if (status == JETON_OK)
        status = add_fetched(cli, keys, keys->keys, url, &body, &why);
    jeton_output_done(&body);
    if (status == JETON_OK)
        return CLI_GOOD;
    keys->unavailable = true;
    keys->why = why;
    cli_name_options(&keys->why);
    return no_keys(cli, url, status, &why);
}

static enum cli_exit check_address(struct cli *cli, struct jeton_bytes address)
{
    struct jeton_detail why = {""};
    enum jeton_status status = jeton_fetch_check(address, &cli->remote, &why);

    cli_name_options(&why);
    return status == JETON_OK ? CLI_GOOD : cli_fail(cli, address.at, status, &why);
}

/* What the text of the addresses shows comes first: no request goes out for a command line that is refused. */
static enum cli_exit check_addresses(struct cli *cli, const struct verify_keys *keys, bool by_issuer)
{
    enum cli_exit end = CLI_GOOD;

    for (size_t i = 0; i < keys->sets.count && end == CLI_GOOD; i++) {
        if (cli_is_url(keys->sets.at[i].at))
            end = check_address(cli, keys->sets.at[i]);
    }
    for (size_t i = 0; by_issuer && i < keys->issuers.count && end == CLI_GOOD; i++)
        end = check_address(cli, keys->issuers.at[i]);
    return end;
}

enum cli_exit verify_keys_open(struct cli *cli, struct verify_keys *keys)
{
    bool by_issuer = keys->files.count + keys->secrets.count + keys->sets.count == 0;
    enum cli_exit end = check_addresses(cli, keys, by_issuer);

    for (size_t i = 0; i < keys->issuers.count; i++)
        keys->by_issuer[i].issuer = keys->issuers.at[i];
    if (end != CLI_GOOD || by_issuer)
        return end;
    if (jeton_keyset_new(&keys->keys) != JETON_OK)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    for (size_t i = 0; i < keys->files.count && end == CLI_GOOD; i++)
        end = add_file(cli, keys, keys->files.at[i].at, true);
    for (size_t i = 0; i < keys->secrets.count && end == CLI_GOOD; i++)
        end = add_secret(cli, keys, keys->secrets.at[i].at);
    for (size_t i = 0; i < keys->sets.count && end == CLI_GOOD; i++) {
        if (!cli_is_url(keys->sets.at[i].at))
            end = add_file(cli, keys, keys->sets.at[i].at, false);
    }
    for (size_t i = 0; i < keys->sets.count && end == CLI_GOOD; i++) {
        if (cli_is_url(keys->sets.at[i].at))
            end = add_url(cli, keys, keys->sets.at[i].at);
    }
    if (end == CLI_GOOD)
        jeton_keyset_warm(keys->keys);
    return end;
}

static enum cli_exit ask_issuer(struct cli *cli, const struct verify_keys *keys, struct verify_issuer *of)
{
    struct jeton_output body = JETON_OUTPUT_INIT;
    const char *url = of->issuer.at;
    enum jeton_status status;

    of->asked = true;
    status = jeton_fetch_issuer_keys(of->issuer, &cli->remote, &body, &of->why);
    if (status == JETON_OK)
        status = jeton_keyset_new(&of->keys);
    if (status == JETON_OK)
        status = add_fetched(cli, keys, of->keys, url, &body, &of->why);
    jeton_output_done(&body);
    if (status == JETON_OK)
        return CLI_GOOD;
    jeton_keyset_free(of->keys);
    of->keys = NULL;
    return no_keys(cli, url, status, &of->why);
}

/* The only issuer, or the one that the token names; not believed, only used to choose. */
static struct verify_issuer *issuer_of(struct verify_keys *keys, struct jeton_bytes token, size_t max_token,
                                       struct jt_arena *arena)
{
    struct jeton_bytes named = {NULL, 0};

    if (keys->issuers.count == 1)
        return &keys->by_issuer[0];
    if (jeton_inspect(token, max_token, arena->at, arena->len, NULL, NULL, &named, NULL) != JETON_OK)
        return NULL;
    for (size_t i = 0; i < keys->issuers.count; i++) {
        if (jt_bytes_equal(keys->by_issuer[i].issuer, named))
            return &keys->by_issuer[i];
    }
    return NULL;
}

enum cli_exit verify_keys_for(struct cli *cli, struct verify_keys *keys, struct jeton_bytes token, size_t max_token,
                              struct jt_arena *arena, const struct jeton_keyset **found,
                              const struct jeton_detail **why)
{
    static const struct jeton_detail unsaid = {""};
    struct verify_issuer *issuer;

    if (keys->keys != NULL) {
        *found = keys->unavailable ? NULL : keys->keys;
        *why = keys->unavailable ? &keys->why : &unsaid;
        return CLI_GOOD;
    }
    issuer = issuer_of(keys, token, max_token, arena);
    if (issuer == NULL) {
        *found = NULL;
        *why = &unsaid;
        return CLI_GOOD;
    }
    if (!issuer->asked) {
        enum cli_exit end = ask_issuer(cli, keys, issuer);

        if (end != CLI_GOOD)
            return end;
    }
    *found = issuer->keys;
    *why = &issuer->why;
    return CLI_GOOD;
}

void verify_keys_done(struct verify_keys *keys)
{
    jeton_keyset_free(keys->keys);
    for (size_t i = 0; i < keys->issuers.count; i++)
        jeton_keyset_free(keys->by_issuer[i].keys);
}
