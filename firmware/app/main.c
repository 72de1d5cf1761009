#include "../core/core.h"
#include "../port/port.h"

int main(int argc, char **argv)
{
    port_start(argc, argv);
    core_start();
    for (;;) {
        core_loop();
        port_idle();
    }
}
