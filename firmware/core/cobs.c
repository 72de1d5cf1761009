#include "cobs.h"

uint16_t cobs_encode(const uint8_t *in, uint16_t length, uint8_t *out)
{
    uint16_t code_at = 0;
    uint16_t written = 1;
    uint8_t code = 1;
    for (uint16_t i = 0; i < length; i++) {
        if (code == 0xFF) {
            out[code_at] = code;
            code_at = written++;
            code = 1;
        }
        if (in[i] == 0) {
            out[code_at] = code;
            code_at = written++;
            code = 1;
        } else {
            out[written++] = in[i];
            code++;
        }
    }
    out[code_at] = code;
    return written;
}

uint16_t cobs_decode(const uint8_t *in, uint16_t length, uint8_t *out)
{
    uint16_t read = 0;
    uint16_t written = 0;
    while (read < length) {
        uint8_t code = in[read++];
        if (code == 0 || code - 1 > length - read) {
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
