/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a token as services make them? A few texts that need no escape, three times of ten digits, a few plain
 * claims beside them: one pass without a look at room, memory or refusals. Straight and short, since the code that runs
 * between two signatures is no longer in the processor's first cache. Whatever is otherwise, faults too, is for sign.c,
 * which writes the same bytes; fuzz_sign compares them. */
#include "jose/claims.h"
#include "jose/sign_parts.h"

#define CLAIMS_MAX 16
#define TEXTS_MAX 1023 /* bytes of all that the caller gives; what stands between needs the rest of the room */
#define TEN_DIGITS_FROM 1000000000
#define TEN_DIGITS_TO 10000000000

struct line {
    unsigned char *at;
    bool plain; /* so far */
};

/* What we write ourselves. */
#define PUT(line, literal)                                                                                             \
    (memcpy((line)->at, (literal), sizeof(literal) - 1), (void)((line)->at += sizeof(literal) - 1))

static void put_text(struct line *line, struct jeton_bytes text)
{
    line->plain &= jt_bytes_put_plain(text, line->at);
    line->at += text.len;
}

/* A name with its comma, colon and first quote, and its text; none for an empty one. */
static JT_HOT void put_member(struct line *line, const char name[9], struct jeton_bytes text)
{
    if (text.len == 0)
        return;
    memcpy(line->at, name, 8);
    line->at += 8;
    put_text(line, text);
    *line->at++ = '"';
}

static void put_time(struct line *line, const char name[8], int64_t seconds)
{
    memcpy(line->at, name, 7);
    jt_number_put_ten((uint64_t)seconds, line->at + 7);
    line->at += 7 + 10;
}

/* JSON in its one form that needs no parser to be seen as such: a string of plain ASCII, or a whole number. */
static void put_value(struct line *line, struct jeton_bytes value)
{
    const unsigned char *in = value.at;
    unsigned char *at = line->at;
    line->at += value.len;
    if (value.len >= 2 && in[0] == '"' && in[value.len - 1] == '"') {
        at[0] = at[value.len - 1] = '"';
        line->plain &= jt_bytes_put_plain(jeton_bytes(in + 1, value.len - 2), at + 1);
    } else if (jt_sign_whole_number(value)) {
        memcpy(at, in, value.len);
    } else {
        line->plain = false;
    }
}

/* A name that is there for the first time, and no rule speaks of. */
static bool is_further_name(const struct jeton_claim *claims, size_t i)
{
    struct jeton_bytes name = claims[i].name;
    for (size_t j = 0; j < i; j++)
        if (jt_bytes_equal(claims[j].name, name))
            return false;
    return name.len > 0 && (name.len != 3 || !jt_claim_typed(jt_claim_of(name)));
}

static void put_claims(struct line *line, const struct jeton_sign_options *options)
{
    for (size_t i = 0; i < options->claim_count; i++) {
        line->plain &= is_further_name(options->claims, i);
        PUT(line, ",\"");
        put_text(line, options->claims[i].name);
        PUT(line, "\":");
        put_value(line, options->claims[i].value);
    }
}

/* The first member's comma becomes the brace. */
static void put_payload(struct line *line, const struct jeton_sign_options *options, unsigned char **uuid)
{
    unsigned char *start = line->at;
    put_member(line, ",\"iss\":\"", options->issuer);
    put_member(line, ",\"sub\":\"", options->subject);
    if (options->audiences.count > 0)
        put_member(line, ",\"aud\":\"", options->audiences.at[0]);
    put_time(line, ",\"iat\":", options->now);
    if (options->backdate >= 0)
        put_time(line, ",\"nbf\":", options->now - options->backdate);
    if (options->ttl > 0)
        put_time(line, ",\"exp\":", options->now + options->ttl);
    put_member(line, ",\"jti\":\"", options->jti);
    *uuid = NULL;
    if (options->jti.len == 0) { /* randomness is asked for once, when all the rest is known to be good */
        PUT(line, ",\"jti\":\"");
        *uuid = line->at;
        line->at += JT_SIGN_UUID;
        PUT(line, "\"");
    }
    put_claims(line, options);
    PUT(line, "}");
    *start = '{';
}

static void put_header(struct line *line, struct jeton_bytes alg, struct jeton_bytes kid, struct jeton_bytes typ)
{
    PUT(line, "{\"alg\":\"");
    put_text(line, alg);
    PUT(line, "\"");
    put_member(line, ",\"typ\":\"", typ);
    if (typ.len == 0)
        PUT(line, ",\"typ\":\"JWT\"");
    put_member(line, ",\"kid\":\"", kid);
    PUT(line, "}");
}

/* The lengths are joined by "or" first: then no sum of them can be too large to be counted. */
static bool texts_fit(struct jeton_bytes kid, const struct jeton_sign_options *options)
{
    size_t audience = options->audiences.count > 0 ? options->audiences.at[0].len : 0;
    size_t any = kid.len | options->typ.len | options->issuer.len | options->subject.len | options->jti.len | audience;
    size_t sum = kid.len + options->typ.len + options->issuer.len + options->subject.len + options->jti.len + audience;
    for (size_t i = 0; i < options->claim_count; i++) {
        any |= options->claims[i].name.len | options->claims[i].value.len;
        sum += options->claims[i].name.len + options->claims[i].value.len;
    }
    return any <= TEXTS_MAX && sum <= TEXTS_MAX && (options->audiences.count == 0 || audience > 0);
}

static bool times_fit(const struct jeton_sign_options *options)
{
    return options->now >= TEN_DIGITS_FROM && options->now < TEN_DIGITS_TO && options->ttl >= 0 &&
           options->ttl < TEN_DIGITS_TO - options->now && options->backdate >= -1 &&
           options->backdate <= options->now - TEN_DIGITS_FROM;
}

bool jt_sign_plain_write(struct jeton_bytes alg, struct jeton_bytes kid, const struct jeton_sign_options *options,
                         struct jt_sign_plain *out)
{
    struct line line = {out->room, true};
    if (options->claims_json.len > 0 || options->audiences.count > 1 || options->claim_count > CLAIMS_MAX ||
        !times_fit(options) || !texts_fit(kid, options))
        return false;
    put_header(&line, alg, kid, options->typ);
    unsigned char *payload = line.at;
    put_payload(&line, options, &out->uuid);
    out->header = jeton_bytes(out->room, (size_t)(payload - out->room));
    out->payload = jeton_bytes(payload, (size_t)(line.at - payload));
    return line.plain;
}
