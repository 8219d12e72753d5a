/* SPDX-License-Identifier: Apache-2.0 */
/* How do an issuer's keys look in time? A bar for each: published, signs, still published; and a line with the words.
 * Spans from seconds to months stand side by side, so the axis is not to scale: every span has a column at least, and
 * the rest are shared out by the logarithm of their lengths. */
#include <stdlib.h>

#include "base/time.h"
#include "cli/issuer.h"

enum { KEYS_MAX = 64, POINTS_MAX = 5 * KEYS_MAX + 1, COLUMNS = 60, KID_SHOWN = 44 };

struct bar {
    struct jeton_bytes kid, algorithm, state;
    int64_t published, from, until, gone; /* 0: not known, or never */
    int64_t stopped, leaves;              /* as told: 0 where the end is a plan or there is none */
};

struct chart {
    struct bar bars[KEYS_MAX];
    size_t count;
    int64_t now;
    int64_t points[POINTS_MAX]; /* ascending, each once */
    size_t point_count;
    size_t columns[POINTS_MAX]; /* where each point stands */
};

/* --- What there is --- */

/* The end of what is planned: when the next key takes over, else after the usual time. */
static int64_t end_of_active(const struct chart *chart, int64_t from, int64_t rotate_every)
{
    int64_t end = from + rotate_every;

    for (size_t i = 0; i < chart->count; i++) {
        if (jt_bytes_equal(chart->bars[i].state, JT_TEXT("next")) && chart->bars[i].from > 0)
            return chart->bars[i].from;
    }
    return end > chart->now ? end : chart->now;
}

static void read_bar(struct chart *chart, struct jt_json key, struct jt_json status)
{
    int64_t keep = issuer_number(status, "token_ttl") + 60 + issuer_number(status, "jwks_max_age");
    int64_t every = issuer_number(status, "rotate_every");
    struct bar *bar = &chart->bars[chart->count];

    *bar = (struct bar){.kid = issuer_text(key, "kid"),
                        .algorithm = issuer_text(key, "algorithm"),
                        .state = issuer_text(key, "state"),
                        .published = issuer_number(key, "published_at"),
                        .from = issuer_number(key, "signs_from"),
                        .stopped = issuer_number(key, "signs_until"),
                        .leaves = issuer_number(key, "gone_at")};
    if (jt_bytes_equal(bar->state, JT_TEXT("retiring"))) {
        bar->until = bar->stopped;
        bar->gone = bar->leaves > 0 ? bar->leaves : chart->now;
    } else if (bar->from > 0 && jt_bytes_equal(issuer_text(status, "rotation"), JT_TEXT("timed"))) {
        bar->until = jt_bytes_equal(bar->state, JT_TEXT("active")) ? end_of_active(chart, bar->from, every)
                                                                   : bar->from + every;
        bar->gone = bar->until + keep;
    } else {
        bar->until = bar->gone = chart->now;
    }
    chart->count++;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void collect_points(struct chart *chart)
{
    int64_t all[POINTS_MAX];
    size_t count = 0;

    all[count++] = chart->now;
    for (size_t i = 0; i < chart->count; i++) {
        const int64_t times[] = {chart->bars[i].published, chart->bars[i].from, chart->bars[i].until,
                                 chart->bars[i].gone};

        for (size_t j = 0; j < JT_COUNT(times); j++) {
            if (times[j] > 0)
                all[count++] = times[j];
        }
    }
    qsort(all, count, sizeof all[0], compare);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || all[i] != all[i - 1])
            chart->points[chart->point_count++] = all[i];
    }
}

/* How many times it can be halved: the logarithm, whole. */
static size_t weight_of(int64_t span)
{
    size_t weight = 1;

    while ((span >>= 1) > 0)
        weight++;
    return weight;
}

static void place_points(struct chart *chart)
{
    size_t spans = chart->point_count - 1, spare = COLUMNS > spans ? COLUMNS - spans : 0, all = 0, sum = 0;

    for (size_t i = 0; i < spans; i++)
        all += weight_of(chart->points[i + 1] - chart->points[i]);
    for (size_t i = 0; i <= spans; i++) {
        chart->columns[i] = spans > COLUMNS ? i * COLUMNS / spans : i + (all > 0 ? spare * sum / all : 0);
        if (i < spans)
            sum += weight_of(chart->points[i + 1] - chart->points[i]);
    }
}

static size_t column_of(const struct chart *chart, int64_t time)
{
    size_t i = 0;

    while (i + 1 < chart->point_count && chart->points[i] < time)
        i++;
    return chart->columns[i];
}

/* --- Drawing --- */

static void add_times(struct jt_buffer *out, const char *text, size_t times)
{
    while (times-- > 0)
        jt_buffer_add_text(out, text);
}

static void paint(struct cli *cli, struct jt_buffer *out, enum cli_colour colour, const char *cell, size_t times)
{
    struct jt_buffer run;

    if (times == 0)
        return;
    jt_buffer_init(&run, 1024);
    add_times(&run, cell, times);
    jt_buffer_add_byte(&run, 0);
    if (run.status == JETON_OK)
        cli_paint(cli, out, colour, (const char *)run.at);
    jt_buffer_done(&run);
}

static void draw_bar(struct cli *cli, const struct chart *chart, const struct bar *bar, struct jt_buffer *out)
{
    size_t published = column_of(chart, bar->published), gone = column_of(chart, bar->gone);
    size_t from = bar->from > 0 ? column_of(chart, bar->from) : gone,
           until = bar->until > 0 ? column_of(chart, bar->until) : from;

    if (bar->from == 0) /* never signed */
        from = until = published;
    add_times(out, " ", published);
    paint(cli, out, CLI_YELLOW, "░", from > published ? from - published : 0);
    paint(cli, out, CLI_GREEN, "█", until > from ? until - from : 0);
    paint(cli, out, CLI_FAINT, "▒", gone > until ? gone - until : 0);
}

static void add_label(struct jt_buffer *out, struct jeton_bytes state)
{
    jt_buffer_add_text(out, "  ");
    cli_show(out, state);
    add_times(out, " ", state.len < 10 ? 10 - state.len : 1);
}

void issuer_write_when(struct jt_buffer *out, int64_t time, int64_t now)
{
    char span[32];

    if (time == now) {
        jt_buffer_add_text(out, "now");
        return;
    }
    jt_span_write(time > now ? time - now : now - time, span);
    jt_buffer_add_format(out, time > now ? "in %s" : "%s ago", span);
}

static void add_fact(struct jt_buffer *out, const char *what, int64_t time, int64_t now)
{
    jt_buffer_add_text(out, what);
    issuer_write_when(out, time, now);
}

static void describe(const struct chart *chart, const struct bar *bar, struct jt_buffer *out)
{
    if (jt_bytes_equal(bar->state, JT_TEXT("next"))) {
        add_fact(out, "published ", bar->published, chart->now);
        if (bar->from > 0)
            add_fact(out, ", signs ", bar->from, chart->now);
    } else if (jt_bytes_equal(bar->state, JT_TEXT("active"))) {
        if (bar->from == chart->now)
            jt_buffer_add_text(out, "signs from now on");
        else
            add_fact(out, "signs since ", bar->from, chart->now);
        if (bar->until > chart->now)
            add_fact(out, ", another one ", bar->until, chart->now);
    } else {
        if (bar->stopped > 0)
            add_fact(out, "signed until ", bar->stopped < chart->now ? bar->stopped : chart->now, chart->now);
        else
            jt_buffer_add_text(out, "never signed here");
        if (bar->leaves > 0)
            add_fact(out, ", gone ", bar->leaves, chart->now);
        else
            jt_buffer_add_text(out, ", held in the environment");
    }
}

static void draw_keys(struct cli *cli, const struct chart *chart, struct jt_buffer *out)
{
    size_t now = 12 + column_of(chart, chart->now);

    add_times(out, " ", now > 0 ? now - 1 : 0);
    jt_buffer_add_text(out, "now\n");
    add_times(out, " ", now);
    jt_buffer_add_text(out, "▼\n");
    for (size_t i = 0; i < chart->count; i++) {
        add_label(out, chart->bars[i].state);
        draw_bar(cli, chart, &chart->bars[i], out);
        jt_buffer_add_byte(out, '\n');
    }
    jt_buffer_add_text(out, "\n            ");
    cli_paint(cli, out, CLI_YELLOW, "░");
    jt_buffer_add_text(out, " published   ");
    cli_paint(cli, out, CLI_GREEN, "█");
    jt_buffer_add_text(out, " signs   ");
    cli_paint(cli, out, CLI_FAINT, "▒");
    jt_buffer_add_text(out, " published until its tokens are gone   (not to scale)\n\n");
}

static void list_keys(const struct chart *chart, struct jt_buffer *out)
{
    size_t width = 0;

    for (size_t i = 0; i < chart->count; i++)
        width = chart->bars[i].kid.len > width ? chart->bars[i].kid.len : width;
    for (size_t i = 0; i < chart->count; i++) {
        const struct bar *bar = &chart->bars[i];

        add_label(out, bar->state);
        cli_show(out, bar->kid);
        add_times(out, " ",
                  (width < KID_SHOWN ? width : KID_SHOWN) > bar->kid.len
                      ? (width < KID_SHOWN ? width : KID_SHOWN) - bar->kid.len + 2
                      : 2);
        cli_show(out, bar->algorithm);
        jt_buffer_add_text(out, "  ");
        describe(chart, bar, out);
        jt_buffer_add_byte(out, '\n');
    }
}

static void list_revoked(struct jt_json status, int64_t now, struct jt_buffer *out)
{
    for (struct jt_json_walk walk = jt_json_walk(jt_json_get(status, JT_TEXT("revoked"))); jt_json_next(&walk);) {
        add_label(out, JT_TEXT("revoked"));
        cli_show(out, issuer_text(walk.value, "kid"));
        add_fact(out, "  ", issuer_number(walk.value, "revoked_at"), now);
        jt_buffer_add_byte(out, '\n');
    }
}

static void add_span(struct jt_buffer *out, const char *what, int64_t seconds)
{
    char span[32];

    jt_span_write(seconds, span);
    jt_buffer_add_format(out, "%s%s", what, span);
}

static void add_heading(struct jt_json status, struct jt_buffer *out)
{
    bool timed = jt_bytes_equal(issuer_text(status, "rotation"), JT_TEXT("timed"));

    cli_show(out, issuer_text(status, "issuer"));
    if (timed)
        add_span(out, "\na key signs for ", issuer_number(status, "rotate_every"));
    else
        jt_buffer_add_text(out, "\nthe environment says which key signs");
    if (timed)
        add_span(out, ", published ", issuer_number(status, "publish_ahead"));
    if (timed)
        jt_buffer_add_text(out, " before");
    add_span(out, "; tokens live ", issuer_number(status, "token_ttl"));
    add_span(out, ", others keep the set for ", issuer_number(status, "jwks_max_age"));
    jt_buffer_add_text(out, "\n\n");
}

void issuer_timeline(struct cli *cli, struct jt_json status, struct jt_buffer *out)
{
    struct chart *chart = calloc(1, sizeof *chart);
    int64_t made_at = issuer_number(status, "next_made_at");

    if (chart == NULL) {
        out->status = JETON_OUT_OF_MEMORY;
        return;
    }
    chart->now = issuer_number(status, "now");
    for (struct jt_json_walk walk = jt_json_walk(jt_json_get(status, JT_TEXT("keys")));
         jt_json_next(&walk) && chart->count < KEYS_MAX;)
        read_bar(chart, walk.value, status);
    collect_points(chart);
    place_points(chart);
    add_heading(status, out);
    draw_keys(cli, chart, out);
    list_keys(chart, out);
    list_revoked(status, chart->now, out);
    if (made_at > 0) {
        jt_buffer_add_text(out, "\n  the next key is made ");
        issuer_write_when(out, made_at > chart->now ? made_at : chart->now, chart->now);
        jt_buffer_add_byte(out, '\n');
    }
    free(chart);
}
