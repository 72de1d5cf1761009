#include "cobs.h"

uint16_t cobs_encode(const uint8_t *in, uint16_t length, uint8_t *out)
{
    struct cobs cobs;
    cobs_begin(&cobs, out);
    for (uint16_t i = 0; i < length; i++) {
        cobs_add(&cobs, in[i]);
    }
    return (uint16_t)(cobs_end(&cobs) - out);
}

uint16_t cobs_decode(const uint8_t *in, uint16_t length, uint8_t *out)
{
    uint16_t read = 0;
    uint16_t written = 0;
    while (read < length) {
        uint8_t code = in[read++];
        if (code == 0 || (uint16_t)(code - 1u) > (uint16_t)(length - read)) {
            return 0;
        }
        for (uint8_t i = 1; i < code; i++) {
            if (in[read] == 0) {
                return 0;
            }
            out[written++] = in[read++];
        }
        if (code != 0xFF && read < length) {
            out[written++] = 0;
        }
    }
    return written;
}
