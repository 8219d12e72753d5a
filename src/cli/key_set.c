/* SPDX-License-Identifier: Apache-2.0 */
/* What does a key set hold, key by key? The library's reader says what each key is; the document is read here once more
 * for what a reader drops. */
#include "cli/key_set.h"

#include <stdio.h>
#include <stdlib.h>

static void copy(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text);
}

static bool make_room(struct key_set *set)
{
    size_t room = set->room_for == 0 ? 16 : 2 * set->room_for;
    struct set_key *longer;

    if (set->count < set->room_for)
        return true;
    longer = reallocarray(set->keys, room, sizeof(*longer));
    if (longer == NULL)
        return false;
    set->keys = longer;
    set->room_for = room;
    return true;
}

static void note(void *context, const struct jeton_key_note *found)
{
    struct key_set *set = context;
    struct set_key *key;

    if (!make_room(set)) {
        set->memory_short = true;
        return;
    }
    key = &set->keys[set->count++];
    memset(key, 0, sizeof(*key));
    key->index = found->index;
    copy(key->type, sizeof(key->type), found->type);
    copy(key->curve, sizeof(key->curve), found->curve);
    copy(key->alg, sizeof(key->alg), found->alg);
    copy(key->thumbprint, sizeof(key->thumbprint), found->thumbprint);
    copy(key->text, sizeof(key->text), found->text);
    key->bits = found->bits;
    key->skip = found->skip;
    if (found->skip == JETON_SKIP_NONE)
        set->used++;
}

/* Both readers keep the order of the document. */
static void join_document(struct key_set *set)
{
    struct jt_json_walk walk = jt_json_walk(set->elements);
    size_t index = 0, at = 0;

    for (; at < set->count && jt_json_next(&walk); index++) {
        while (at < set->count && set->keys[at].index == index) {
            set->keys[at].json = walk.value;
            if (set->keys[at].skip != JETON_SKIP_KID_INVALID)
                set->keys[at].kid = jt_json_string(jt_json_get(walk.value, JT_TEXT("kid")));
            at++;
        }
    }
}

static enum jeton_status judge_keys(struct key_set *set)
{
    struct jeton_keyset_options options = JETON_KEYSET_OPTIONS_INIT;
    struct jeton_keyset *judged = NULL;
    enum jeton_status status;

    options.origin = JETON_ORIGIN_FETCHED;
    options.note = note;
    options.note_context = set;
    JT_TRY(jeton_keyset_new(&judged));
    status = jeton_keyset_add_jwks(judged, jt_buffer_bytes(&set->text), &options, NULL);
    jeton_keyset_free(judged);
    if (set->memory_short || status == JETON_OUT_OF_MEMORY)
        return JETON_OUT_OF_MEMORY;
    join_document(set);
    return JETON_OK; /* JETON_KEY_INVALID: no key can be used; that is for the caller to say */
}

static enum jeton_status read_document(struct key_set *set, struct jeton_detail *detail)
{
    struct jt_arena arena;
    struct jt_json json, keys;

    JT_TRY(jt_secret_new(jt_json_arena_size(set->text.len), &set->room));
    jt_arena_init(&arena, set->room.at, set->room.len);
    JT_TRY(jt_json_read(jt_buffer_bytes(&set->text), JT_JSON_KEYS, &arena, &json, detail));
    keys = jt_json_get(json, JT_TEXT("keys"));
    if (jt_json_type(json) != JT_JSON_OBJECT ||
        (jt_json_type(keys) != JT_JSON_ARRAY && jt_json_type(keys) != JT_JSON_NONE))
        return jt_fail(detail, JETON_KEY_INVALID, "a key set is an object with an array \"keys\"");
    if (jt_json_type(keys) == JT_JSON_NONE && jt_json_type(jt_json_get(json, JT_TEXT("kty"))) != JT_JSON_NONE)
        return jt_fail(detail, JETON_KEY_INVALID,
                       "this is one key, not a key set; jeton key public --to jwks makes one");
    set->elements = keys;
    return JETON_OK;
}

static enum cli_exit get_text(struct cli *cli, struct key_set *set)
{
    struct jeton_output body = JETON_OUTPUT_INIT;
    struct jeton_detail why = {""};
    enum jeton_status status;

    set->fetched = cli_is_url(set->source);
    if (!set->fetched) {
        if (!cli_take_stdin(cli, set->source, "the key set") || !cli_read(cli, set->source, CLI_KEYSET_MAX, &set->text))
            return cli->exit;
        return CLI_GOOD;
    }
    jt_buffer_init(&set->text, CLI_KEYSET_MAX);
    status = jeton_fetch_keys(jeton_text(set->source), &cli->remote, &body, &why);
    if (status == JETON_OK) {
        jt_buffer_add(&set->text, jeton_bytes(body.at, body.len));
        status = set->text.status;
    }
    jeton_output_done(&body);
    cli_name_options(&why);
    return status == JETON_OK ? CLI_GOOD : cli_fail(cli, set->source, status, &why);
}

enum cli_exit key_set_open(struct cli *cli, const char *source, struct key_set *set)
{
    struct jeton_detail detail = {""};
    enum jeton_status status;
    enum cli_exit end;

    memset(set, 0, sizeof(*set));
    set->source = source;
    end = get_text(cli, set);
    if (end != CLI_GOOD)
        return end;
    status = read_document(set, &detail);
    if (status == JETON_OK)
        status = judge_keys(set);
    if (status == JETON_OK)
        return CLI_GOOD;
    if (status == JETON_OUT_OF_MEMORY)
        return cli_fail(cli, source, status, NULL);
    /* What came over the network is not repeated: the detail could quote it. */
    if (set->fetched)
        (void)jt_fail(&detail, JETON_KEYS_UNAVAILABLE, "what came is no key set");
    return cli_fail(cli, source, set->fetched ? JETON_KEYS_UNAVAILABLE : JETON_KEY_INVALID, &detail);
}

void key_set_close(struct key_set *set)
{
    free(set->keys);
    jt_secret_done(&set->room);
    jt_buffer_done(&set->text);
}

void key_set_show(struct jt_buffer *out, const struct set_key *key)
{
    char size[24] = "";

    if (key->curve[0] != '\0')
        snprintf(size, sizeof(size), " %s", key->curve);
    else if (key->bits != 0)
        snprintf(size, sizeof(size), " %u", key->bits);
    jt_buffer_add_format(out, "%3zu  %s%s  %s  ", key->index, key->type[0] != '\0' ? key->type : "?", size,
                         key->alg[0] != '\0' ? key->alg : "(any alg)");
    if (key->kid.len > 0) {
        jt_buffer_add_text(out, "kid ");
        cli_show(out, jt_bytes_cut(key->kid, 0, 256));
    } else {
        jt_buffer_add_text(out, "no kid");
    }
    if (key->thumbprint[0] != '\0')
        jt_buffer_add_format(out, "  thumbprint %s", key->thumbprint);
}
