# Every dependency is a Debian package; what is missing is named with the command that installs it.
function(finwait_need name package)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "finwait needs ${name}: apt-get install ${package} (or run ci/check, which installs all it needs)")
  endif()
endfunction()

set(Boost_NO_WARN_NEW_VERSIONS ON)
finwait_need(Boost libboost1.81-dev 1.81)
finwait_need(fmt libfmt-dev)
finwait_need(CLI11 libcli11-dev)
finwait_need(nlohmann_json nlohmann-json3-dev)
finwait_need(GTest libgtest-dev)
finwait_need(rapidcheck librapidcheck-dev)

# Not every release of Debian's libtins brings a CMake package, so it is looked for by hand.
find_path(LIBTINS_INCLUDE_DIR tins/tcp.h)
find_library(LIBTINS_LIBRARY tins)
if(NOT LIBTINS_INCLUDE_DIR OR NOT LIBTINS_LIBRARY)
  message(FATAL_ERROR "finwait needs libtins: apt-get install libtins-dev (or run ci/check, which installs all it needs)")
endif()
add_library(finwait_libtins UNKNOWN IMPORTED)
set_target_properties(finwait_libtins PROPERTIES IMPORTED_LOCATION "${LIBTINS_LIBRARY}"
                                                 INTERFACE_INCLUDE_DIRECTORIES "${LIBTINS_INCLUDE_DIR}")
