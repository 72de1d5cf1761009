#include "board.h"
#include "registers.h"

static void wait_for(uint32_t address, uint32_t bits)
{
    while ((REGISTER(address) & bits) != bits) {
    }
}

void resets_release(uint32_t blocks)
{
    CLEAR_BITS(RESETS_RESET) = blocks;
    wait_for(RESETS_RESET_DONE, blocks);
}

/* 12 MHz * 125 / 6 / 2 = 125 MHz (2.18.2). */
static void pll_start(void)
{
    SET_BITS(RESETS_RESET) = RESETS_PLL_SYS;
    resets_release(RESETS_PLL_SYS);
    REGISTER(PLL_SYS_CS) = 1;
    REGISTER(PLL_SYS_FBDIV_INT) = 125;
    CLEAR_BITS(PLL_SYS_PWR) = 1u << 0 | 1u << 5; /* power and oscillator on */
    wait_for(PLL_SYS_CS, 1u << 31);              /* locked */
    REGISTER(PLL_SYS_PRIM) = 6u << 16 | 2u << 12;
    CLEAR_BITS(PLL_SYS_PWR) = 1u << 3; /* post dividers on */
}

void clocks_start(void)
{
    REGISTER(XOSC_CTRL) = 0xAA0;  /* 1 to 15 MHz */
    REGISTER(XOSC_STARTUP) = 47;  /* 1 ms, 2.16.3 */
    SET_BITS(XOSC_CTRL) = 0xFABu << 12; /* enable */
    wait_for(XOSC_STATUS, 1u << 31);

    REGISTER(CLOCKS_REF_CTRL) = 2; /* crystal */
    wait_for(CLOCKS_REF_SELECTED, 1u << 2);
    CLEAR_BITS(CLOCKS_SYS_CTRL) = 1; /* reference, while the PLL is set up */
    wait_for(CLOCKS_SYS_SELECTED, 1u << 0);
    pll_start();
    REGISTER(CLOCKS_SYS_CTRL) = 0; /* auxiliary source: the PLL; still not selected (2.15.3.2) */
    SET_BITS(CLOCKS_SYS_CTRL) = 1;
    wait_for(CLOCKS_SYS_SELECTED, 1u << 1);
    REGISTER(CLOCKS_PERI_CTRL) = CLOCKS_ENABLE;           /* from the system clock */
    REGISTER(CLOCKS_ADC_CTRL) = CLOCKS_ENABLE | 3u << 5; /* from the crystal: a conversion takes 8 us */

    /* 4.7.2: without this tick the TIMER does not count. */
    REGISTER(WATCHDOG_TICK) = 1u << 9 | CRYSTAL_HZ / 1000000u;
}
