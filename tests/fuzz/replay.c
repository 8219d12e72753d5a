/* SPDX-License-Identifier: Apache-2.0 */
/* Does a fuzz target still stand what it stood before? Feeds it each file of its corpus, and after that a fixed number
 * of small damages of each (cut short, one byte changed), the same ones at every run. Prints one TAP case. */
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

/* A fuzz input longer than this says nothing new and costs time. */
enum { INPUT_MAX = 1 << 20, DAMAGES_PER_FILE = 64, DAMAGES_MAX_SIZE = 1 << 14 };

struct replay {
    size_t files;
    size_t inputs;
};

/* An exact-size copy, so that the address sanitizer sees the first byte read behind the end. */
static void feed(struct replay *replay, const unsigned char *bytes, size_t len)
{
    unsigned char *copy = malloc(len > 0 ? len : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, len);
    (void)LLVMFuzzerTestOneInput(len > 0 ? copy : NULL, len);
    free(copy);
    replay->inputs++;
}

/* xorshift: the damage of an input depends on nothing but the input's length and the step. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void feed_damaged(struct replay *replay, unsigned char *bytes, size_t len)
{
    static const unsigned char favourites[] = {0, '"', '\\', '{', '}', '[', ']', '.', '=', '-', '\n', 0x7f, 0x80, 0xff};
    uint32_t state = 0x9e3779b9u ^ (uint32_t)len;

    if (len == 0 || len > DAMAGES_MAX_SIZE)
        return;
    for (size_t i = 0; i < DAMAGES_PER_FILE; i++) {
        size_t at = next_random(&state) % len;
        unsigned char was = bytes[at];

        feed(replay, bytes, at);
        uint32_t pick = next_random(&state);
        unsigned damage = i % 2 == 0 ? favourites[pick % sizeof(favourites)] : was ^ (1u << pick % 8);
        bytes[at] = (unsigned char)(damage & 0xffu);
        feed(replay, bytes, len);
        bytes[at] = was;
    }
}

static void replay_file(struct replay *replay, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = malloc(INPUT_MAX);
    size_t len;

    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    len = fread(bytes, 1, INPUT_MAX, file);
    fclose(file);
    feed(replay, bytes, len);
    feed_damaged(replay, bytes, len);
    free(bytes);
    replay->files++;
}

static void replay_path(struct replay *replay, const char *path)
{
    struct dirent **entries = NULL;
    struct stat about;
    int count;

    if (stat(path, &about) != 0)
        return;
    if (!S_ISDIR(about.st_mode)) {
        replay_file(replay, path);
        return;
    }
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inside[4096];

        if (entries[i]->d_name[0] != '.' &&
            snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name) < (int)sizeof(inside))
            replay_path(replay, inside);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    struct replay replay = {0};

    feed(&replay, (const unsigned char *)"", 0);
    for (int i = 1; i < argc; i++)
        replay_path(&replay, argv[i]);
    if (replay.files == 0) {
        printf("1..1\nnot ok 1 - no corpus\n");
        return EXIT_FAILURE;
    }
    printf("1..1\nok 1 - %zu files, %zu inputs\n", replay.files, replay.inputs);
    return EXIT_SUCCESS;
}
