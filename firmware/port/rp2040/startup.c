/* From the vector table to main. */
#include <stdint.h>

extern uint32_t data_start, data_end, data_load, bss_start, bss_end, stack_top;

int main(int argc, char **argv);
void reset_handler(void);
void timer_handler(void);
void uart_handler(void);
void work_handler(void);

void reset_handler(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    main(0, 0);
    for (;;) {
    }
}

/* Nothing to save: the hardware watchdog resets the chip, and its outputs with it. */
static void fault_handler(void)
{
    for (;;) {
    }
}

/* ARMv6-M B1.5.3 and RP2040 datasheet 2.3.2: 16 exceptions, then 26 interrupts. */
__attribute__((section(".vectors"), used)) static const void *const vectors[16 + 26] = {
    [0] = &stack_top,
    [1] = reset_handler,
    [2] = fault_handler,
    [3] = fault_handler,
    [11] = fault_handler,
    [14] = work_handler,
    [15] = fault_handler,
    [16 + 0] = timer_handler,
    [16 + 20] = uart_handler,
};
