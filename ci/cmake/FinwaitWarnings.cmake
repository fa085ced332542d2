# The warnings of finwait's own code; not applied to anybody else's.
add_library(finwait_warnings INTERFACE)
target_compile_options(finwait_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                                  $<$<BOOL:${FINWAIT_WERROR}>:-Werror>)
