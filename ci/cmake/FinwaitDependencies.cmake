# Every dependency is a Debian package. All that is missing is named at once, with the command that installs it.
# (lwIP is looked for in impl/lwip: without it finwait is built all the same, less that adapter.)
set(finwait_missing "")
set(finwait_missing_packages "")

macro(finwait_miss what package)
  string(APPEND finwait_missing "\n    ${what}")
  string(APPEND finwait_missing_packages " ${package}")
endmacro()

macro(finwait_need name package)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    finwait_miss(${name} ${package})
  endif()
endmacro()

# Not every release of Debian's libtins brings a CMake package, so it is looked for by hand.
macro(finwait_need_libtins)
  find_path(LIBTINS_INCLUDE_DIR tins/tcp.h)
  find_library(LIBTINS_LIBRARY tins)
  mark_as_advanced(LIBTINS_INCLUDE_DIR LIBTINS_LIBRARY)
  if(LIBTINS_INCLUDE_DIR AND LIBTINS_LIBRARY)
    add_library(finwait_libtins UNKNOWN IMPORTED)
    set_target_properties(finwait_libtins PROPERTIES IMPORTED_LOCATION "${LIBTINS_LIBRARY}"
                                                     INTERFACE_INCLUDE_DIRECTORIES "${LIBTINS_INCLUDE_DIR}")
  else()
    finwait_miss("libtins" libtins-dev)
  endif()
endmacro()

# 1.74, the default of Debian 12, has an MSM that does not compile as C++20; newer releases have libboost-dev.
find_package(Boost 1.81 QUIET CONFIG)
if(NOT Boost_FOUND)
  cmake_host_system_information(RESULT release QUERY DISTRIB_PRETTY_NAME)
  if(release MATCHES "bookworm")
    finwait_miss("Boost 1.81 or newer" libboost1.81-dev)
  else()
    finwait_miss("Boost 1.81 or newer" libboost-dev)
  endif()
endif()
finwait_need(fmt libfmt-dev)
finwait_need(CLI11 libcli11-dev)
finwait_need(nlohmann_json nlohmann-json3-dev)
finwait_need(pugixml libpugixml-dev)
finwait_need(rapidcheck librapidcheck-dev)
if(FINWAIT_TESTS)
  finwait_need(GTest libgtest-dev)
  finwait_need_libtins()
endif()

if(finwait_missing)
  message(FATAL_ERROR "finwait needs what is not installed:${finwait_missing}\n"
                      "Run ci/setup (with tests: ci/setup test), or: apt-get install${finwait_missing_packages}\n"
                      "GTest and libtins are for the tests only: -DFINWAIT_TESTS=OFF does without.")
endif()
