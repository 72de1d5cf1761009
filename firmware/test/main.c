/*
 * run [--vectors FILE] [--from-ts FILE]   all tests; FILE is compared with what this side writes, or read
 * run --write-vectors FILE                writes the golden vectors of this side
 */
#include <string.h>

#include "harness.h"
#include "vectors.h"

static int run_all(void)
{
    static const struct test *const suites[] = {encoding_tests, line_tests,    release_tests,
                                                safety_tests,   session_tests, motor_tests};
    int count = 0;
    for (unsigned i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        for (const struct test *test = suites[i]; test->run != 0; test++) {
            printf("  %s\n", test->name);
            fflush(stdout);
            test->run();
            count++;
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write-vectors") == 0) {
        vectors_write(argv[2]);
        return 0;
    }
    int count = run_all();
    int compared = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--vectors") == 0) {
            vectors_check_written(argv[i + 1]);
        } else if (strcmp(argv[i], "--from-ts") == 0) {
            compared = vectors_check_from_ts(argv[i + 1]);
        }
    }
    printf("%d tests passed, %d vectors of the other side compared\n", count, compared);
    return 0;
}
