/* SPDX-License-Identifier: Apache-2.0 */
/* How does the command speak? Messages on standard error, answers on standard output, and nothing from outside reaches
 * a terminal raw. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"

void cli_say(struct cli *cli, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "%s: ", cli->title);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

enum cli_exit cli_usage(struct cli *cli, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "%s: ", cli->title);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nTry '%s --help'.\n", cli->title);
    return CLI_USAGE;
}

/* User information of a URL is a secret, refused or not: it is cut out. */
static struct jt_shown show_source(const char *text)
{
    const char *authority = strstr(text, "://");
    size_t len = authority != NULL ? strcspn(authority + 3, "/?#") : 0;
    const char *at = len > 0 ? memrchr(authority + 3, '@', len) : NULL;
    struct jt_buffer whole;
    struct jt_shown shown;

    if (at == NULL)
        return jt_escape(jeton_text(text));
    jt_buffer_init(&whole, 4096);
    jt_buffer_add(&whole, jeton_bytes(text, (size_t)(authority + 3 - text)));
    jt_buffer_add_text(&whole, "...");
    jt_buffer_add_text(&whole, at);
    shown = jt_escape(jt_buffer_bytes(&whole));
    jt_buffer_done(&whole);
    return shown;
}

enum cli_exit cli_fail(struct cli *cli, const char *about, enum jeton_status status, const struct jeton_detail *detail)
{
    const char *text = detail != NULL && detail->text[0] != '\0' ? detail->text : jeton_status_text(status);

    if (about != NULL)
        cli_say(cli, "%s: %s", show_source(about).text, text);
    else
        cli_say(cli, "%s", text);
    return cli_exit_of(status);
}

void cli_name_options(struct jeton_detail *detail)
{
    static const char *const names[][2] = {{"; allow_http would", "; --allow-http would"},
                                           {"; allow_private_ip would", "; --allow-private-ip would"},
                                           {"; ca_file names", "; --cacert names"},
                                           {"(timeout is", "(--timeout is"}};

    for (size_t i = 0; i < JT_COUNT(names); i++) {
        char *at = strstr(detail->text, names[i][0]);
        char tail[JETON_DETAIL_TEXT];

        if (at == NULL)
            continue;
        snprintf(tail, sizeof(tail), "%s", at + strlen(names[i][0]));
        snprintf(at, sizeof(detail->text) - (size_t)(at - detail->text), "%s%s", names[i][1], tail);
    }
}

/* --- Standard output. --- */

void cli_paint(struct cli *cli, struct jt_buffer *out, enum cli_colour colour, const char *text)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "", [CLI_GREEN] = "32", [CLI_RED] = "31", [CLI_YELLOW] = "33", [CLI_FAINT] = "2"};

    if (cli->colour && colour != CLI_PLAIN)
        jt_buffer_add_format(out, "\033[%sm%s\033[0m", codes[colour], text);
    else
        jt_buffer_add_text(out, text);
}

/* Length of one well-formed character at `at`, and its code; 0 when it is none. */
static size_t character(const unsigned char *at, size_t len, uint32_t *code)
{
    size_t need = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (need > len || !jt_bytes_utf8(jeton_bytes(at, need)))
        return 0;
    *code = need == 1 ? at[0] : at[0] & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++)
        *code = *code << 6 | (at[i] & 0x3fu);
    return need;
}

/* Controls, and what has no shape or turns the writing around. */
static bool misleading(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0x61c ||
           code == 0xfeff || (code >= 0xfff0 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

void cli_show(struct jt_buffer *out, struct jeton_bytes bytes)
{
    const unsigned char *at = bytes.at;

    for (size_t i = 0; i < bytes.len;) {
        uint32_t code = 0;
        size_t len = character(at + i, bytes.len - i, &code);

        if (len == 0)
            jt_buffer_add_format(out, "\\x%02x", at[i]);
        else if (misleading(code))
            jt_buffer_add_format(out, "\\u{%x}", code);
        else
            jt_buffer_add(out, jeton_bytes(at + i, len));
        i += len == 0 ? 1 : len;
    }
}

enum cli_exit cli_put(struct cli *cli, struct jt_buffer *out)
{
    if (out->status != JETON_OK) {
        cli_say(cli, "%s", out->status == JETON_OUT_OF_MEMORY ? "out of memory" : "the answer is too large");
        return CLI_BROKEN;
    }
    if (!jt_file_write_all(STDOUT_FILENO, jt_buffer_bytes(out))) {
        cli_say(cli, "standard output: %s", strerror(errno));
        return CLI_BROKEN;
    }
    out->len = 0;
    return CLI_GOOD;
}

/* A device or a pipe is written into; replacing it, as is done with files, would take it from the machine. */
static bool is_special(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

static enum jeton_status write_special(const char *path, struct jeton_bytes bytes, struct jeton_detail *detail)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool good = file >= 0 && jt_file_write_all(file, bytes);
    int number = errno;

    if (file >= 0 && close(file) != 0 && good) {
        good = false;
        number = errno;
    }
    if (!good)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%s: %s", jt_escape(jeton_text(path)).text, strerror(number));
    return JETON_OK;
}

enum cli_exit cli_deliver(struct cli *cli, const char *path, unsigned mode, struct jeton_bytes bytes, bool text)
{
    bool add_line = text && (bytes.len == 0 || ((const char *)bytes.at)[bytes.len - 1] != '\n');
    struct jeton_detail detail = {""};
    struct jt_buffer out;
    enum cli_exit end;

    jt_buffer_init_secret(&out, bytes.len + 1);
    jt_buffer_add(&out, bytes);
    if (add_line)
        jt_buffer_add_byte(&out, '\n');
    if (path == NULL || strcmp(path, "-") == 0) {
        end = cli_put(cli, &out);
    } else {
        enum jeton_status status = out.status;

        if (status == JETON_OK)
            status = is_special(path) ? write_special(path, jt_buffer_bytes(&out), &detail)
                                      : jt_file_write(path, jt_buffer_bytes(&out), mode, &detail);
        end = status == JETON_OK ? CLI_GOOD : cli_fail(cli, NULL, status, &detail);
    }
    jt_buffer_done(&out);
    return end;
}
