/* SPDX-License-Identifier: Apache-2.0 */
/* How does a service call other services in the name of its callers, with keys of its own that rotate? A whole program
 * on libjeton: callers come in, one a line, tokens go out; the keys are kept in one file, and what others may fetch is
 * written to another, for any web server to serve.
 *
 *     cc calls.c -o calls $(pkg-config --cflags --libs jeton)
 *     ./calls https://me.example https://api.example keys.secret jwks.json [ROTATE-EVERY]
 *
 * A line is a caller's name; or "!rotate", "!revoke KID", "!status". ROTATE-EVERY in seconds says "this is a try-out":
 * then all times are short. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jeton/jeton.h>

#define LINE_MAX_BYTES 16384

struct program {
    const char *keys_path, *jwks_path, *issuer, *audience;
    struct jeton_signer *signer;
    struct jeton_minter *minter;
};

static int64_t milliseconds(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct jeton_clocks clocks(void)
{
    return (struct jeton_clocks){milliseconds(CLOCK_REALTIME), milliseconds(CLOCK_MONOTONIC)};
}

/* --- Files: written beside, synced, put in place. A service that must survive the loss of power syncs the directory
 * too; one with a vault writes there instead. --- */

static bool put_in_place(FILE *file, const char *beside, const char *path)
{
    bool good = !ferror(file) && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && good && rename(beside, path) == 0;
}

/* For the owner alone, from the first byte on. */
static FILE *open_beside(const char *path, int mode, char beside[4096])
{
    int fd;
    snprintf(beside, 4096, "%s.new", path);
    fd = open(beside, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
    return fd >= 0 ? fdopen(fd, "w") : NULL;
}

/* One line of numbers, then one for each key: where it stands, its times, and the key itself as JWK. */
static bool save(void *context, const struct jeton_signer_memory *memory)
{
    const struct program *program = context;
    char beside[4096];
    FILE *file = open_beside(program->keys_path, 0600, beside);
    bool good = file != NULL;
    if (!good)
        return false;
    fprintf(file, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", memory->seen_at,
            memory->token_ttl, memory->jwks_max_age, memory->past_token_ttl, memory->past_jwks_max_age,
            memory->past_until);
    for (size_t i = 0; i < memory->count && good; i++) {
        const struct jeton_signer_key *key = &memory->keys[i];
        struct jeton_output text = JETON_OUTPUT_INIT;
        good = jeton_secret_key_write(key->key, JETON_FORMAT_JWK, &text) == JETON_OK;
        if (good)
            fprintf(file, "%d %" PRId64 " %" PRId64 " %" PRId64 " %s\n", (int)key->state, key->published_at,
                    key->signs_from, key->signs_until, text.at);
        jeton_output_done(&text);
    }
    return put_in_place(file, beside, program->keys_path) && good;
}

/* The key of one line; NULL: it is none. */
static struct jeton_secret_key *read_key(char *line, struct jeton_signer_key *key)
{
    struct jeton_secret_key *secret = NULL;
    struct jeton_detail detail = {""};
    int state = 0, at = 0;
    if (sscanf(line, "%d %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &state, &key->published_at, &key->signs_from,
               &key->signs_until, &at) != 4 ||
        jeton_secret_key_read(jeton_text(line + at), &secret, &detail) != JETON_OK)
        fprintf(stderr, "a line is no key: %s\n", detail.text);
    key->state = (enum jeton_signer_state)state;
    key->key = secret;
    return secret;
}

/* What save() wrote. False: it cannot be used, and a service that went on would sign with keys that nobody has. */
static bool recall(FILE *file, struct jeton_signer_memory *memory, struct jeton_signer_key *keys,
                   struct jeton_secret_key **secrets)
{
    static char line[LINE_MAX_BYTES];
    bool good = fgets(line, sizeof line, file) != NULL &&
                sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &memory->seen_at,
                       &memory->token_ttl, &memory->jwks_max_age, &memory->past_token_ttl, &memory->past_jwks_max_age,
                       &memory->past_until) == 6;
    while (good && memory->count < JETON_SIGNER_KEYS && fgets(line, sizeof line, file) != NULL) {
        secrets[memory->count] = read_key(line, &keys[memory->count]);
        good = secrets[memory->count] != NULL;
        memory->count += good;
    }
    memory->keys = keys;
    memset(line, 0, sizeof line); /* a program that means it uses explicit_bzero() */
    return good && memory->count > 0;
}

/* --- Signing over time --- */

static struct jeton_signer_options times(struct program *program, int64_t rotate_every)
{
    struct jeton_signer_options options = JETON_SIGNER_OPTIONS_INIT;
    options.save = save;
    options.context = program;
    if (rotate_every > 0) {
        options.rotate_every = rotate_every;
        options.token_ttl = options.jwks_max_age = 1;
        options.publish_ahead = 2;
    }
    return options;
}

/* With the keys of the last run, if there was one. */
static enum jeton_status open_signer(struct program *program, int64_t rotate_every, struct jeton_detail *detail)
{
    struct jeton_signer_options options = times(program, rotate_every);
    struct jeton_signer_memory memory = JETON_SIGNER_MEMORY_INIT;
    struct jeton_signer_key keys[JETON_SIGNER_KEYS];
    struct jeton_secret_key *secrets[JETON_SIGNER_KEYS];
    FILE *file = fopen(program->keys_path, "r");
    bool good = file != NULL ? recall(file, &memory, keys, secrets) : errno == ENOENT;
    enum jeton_status status = JETON_CONFIG_INVALID;
    if (file != NULL)
        fclose(file);
    if (good)
        status = jeton_signer_new(&options, file != NULL ? &memory : NULL, clocks(), &program->signer, detail);
    else
        snprintf(detail->text, sizeof detail->text, "the keys cannot be read; a backup helps, starting anew does not");
    for (size_t i = 0; i < memory.count; i++)
        jeton_secret_key_free(secrets[i]);
    return status;
}

/* What others fetch. A web server would send `Cache-Control: public, max-age=…` and the entity tag with it. */
static bool publish(struct program *program)
{
    struct jeton_output jwks = JETON_OUTPUT_INIT;
    char beside[4096];
    FILE *file;
    bool good = jeton_signer_show(program->signer, NULL, NULL, &jwks) == JETON_OK;
    file = good ? open_beside(program->jwks_path, 0644, beside) : NULL;
    if (file != NULL)
        fwrite(jwks.at, 1, jwks.len, file);
    jeton_output_done(&jwks);
    return file != NULL && put_in_place(file, beside, program->jwks_path);
}

/* A service does this in a thread of its own, and sleeps for due_in_ms in between. */
static void step(struct program *program)
{
    struct jeton_signer_change change = {false, 0};
    struct jeton_detail detail = {""};
    if (jeton_signer_step(program->signer, clocks(), &change, &detail) != JETON_OK)
        fprintf(stderr, "keys: %s\n", detail.text); /* nothing changed; the next step tries again */
    if (change.changed && !publish(program))
        fprintf(stderr, "keys: the set could not be written\n");
}

/* --- One line in, one line out --- */

static void call_as(struct program *program, const char *caller)
{
    struct jeton_mint_request request = JETON_MINT_REQUEST_INIT;
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    request.subject = jeton_text(caller);
    request.audience = jeton_text(program->audience);
    if (jeton_minter_token(program->minter, &request, time(NULL), &token, &detail) == JETON_OK)
        printf("Authorization: Bearer %s\n", token.at);
    else /* the call goes out all the same: the other side knows what an unknown caller may do */
        printf("(no Authorization: %s)\n", detail.text);
    jeton_output_done(&token);
}

static void rotate_key(struct program *program)
{
    struct jeton_detail detail = {""};
    int64_t signs_at = 0;
    if (jeton_signer_rotate(program->signer, clocks(), &signs_at, &detail) == JETON_OK && publish(program))
        printf("the next key signs in %" PRId64 " s\n", signs_at - (int64_t)time(NULL));
    else
        printf("not rotated: %s\n", detail.text);
}

static void revoke_key(struct program *program, const char *kid)
{
    struct jeton_detail detail = {""};
    int64_t early_for = 0;
    if (jeton_signer_revoke(program->signer, jeton_text(kid), clocks(), &early_for, &detail) == JETON_OK &&
        publish(program))
        printf("revoked; others may not know the new key for %" PRId64 " s\n", early_for);
    else
        printf("not revoked: %s\n", detail.text);
}

static void print_status(const struct program *program)
{
    static const char *const states[] = {"next", "active", "retiring"};
    for (size_t i = 0; i < jeton_signer_count(program->signer); i++) {
        struct jeton_signer_about about;
        jeton_signer_about(program->signer, i, &about);
        printf("%s %.*s%s", states[about.state], (int)about.kid.len, (const char *)about.kid.at,
               i + 1 < jeton_signer_count(program->signer) ? ", " : "\n");
    }
}

static void serve(struct program *program)
{
    static char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        step(program);
        if (strcmp(line, "!rotate") == 0)
            rotate_key(program);
        else if (strncmp(line, "!revoke ", 8) == 0)
            revoke_key(program, line + 8);
        else if (strcmp(line, "!status") == 0)
            print_status(program);
        else
            call_as(program, line);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct program program = {NULL, NULL, NULL, NULL, NULL, NULL};
    struct jeton_minter_options options = JETON_MINTER_OPTIONS_INIT;
    struct jeton_detail detail = {""};
    enum jeton_status status;
    if (argc != 5 && argc != 6)
        return fprintf(stderr, "usage: calls ISSUER AUDIENCE KEYS-FILE JWKS-FILE [ROTATE-EVERY]\n"), 2;
    program = (struct program){argv[3], argv[4], argv[1], argv[2], NULL, NULL};
    status = open_signer(&program, argc == 6 ? atoi(argv[5]) : 0, &detail);
    options.issuer = jeton_text(program.issuer);
    options.signer = program.signer;
    options.ttl = argc == 6 ? 1 : 60;
    if (status == JETON_OK)
        status = jeton_minter_new(&options, &program.minter, &detail);
    if (status == JETON_OK && publish(&program))
        serve(&program);
    else
        fprintf(stderr, "%s: %s\n", jeton_status_code(status), detail.text);
    jeton_minter_free(program.minter);
    jeton_signer_free(program.signer);
    return status == JETON_OK ? 0 : 1;
}
