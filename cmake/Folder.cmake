# A folder is a target. The floors of docs/architecture.md are the link lines below: a folder that is not linked
# cannot be included by accident for long, since tests/tidy checks the includes themselves.

add_library(leakguard_options INTERFACE)
target_compile_options(leakguard_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror
  # GCC 12 sees overlapping copies in optimised string concatenations that cannot overlap (its bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_include_directories(leakguard_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_link_libraries(leakguard_options INTERFACE Threads::Threads tl::expected)

# leakguard_folder(NAME [SUBFOLDERS] [PUBLIC lib…] [PRIVATE lib…]): every .cc of this folder (main.cc apart) as one
# library; with SUBFOLDERS also those of the folders in it.
function(leakguard_folder name)
  cmake_parse_arguments(ARG "SUBFOLDERS" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  if(ARG_SUBFOLDERS)
    file(GLOB deeper CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*/*.cc")
    list(APPEND sources ${deeper})
  endif()
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC leakguard_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    leakguard_harden(${name})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE leakguard_options ${ARG_PUBLIC})
  endif()
endfunction()

# Reading GoogleTest and the standard library is most of what compiling a test takes: they are read once for all tests.
# What is tested is optimised; the tests themselves compile in half the time when they are not. (The sources have no
# precompiled header: with one, GCC 12 takes the standard library's code for ours and warns of it, wrongly.)
add_library(leakguard_test_options INTERFACE)
target_compile_options(leakguard_test_options INTERFACE -O0 -pthread)
target_link_libraries(leakguard_test_options INTERFACE leakguard_options GTest::gmock GTest::gtest)
option(LEAKGUARD_PRECOMPILE "Precompile what all tests include" ON)
if(LEAKGUARD_TESTS AND LEAKGUARD_PRECOMPILE)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/precompiled_tests.cc" CONTENT "")
  add_library(leakguard_precompiled_tests OBJECT "${CMAKE_BINARY_DIR}/generated/precompiled_tests.cc")
  target_link_libraries(leakguard_precompiled_tests PRIVATE leakguard_test_options)
  target_precompile_headers(leakguard_precompiled_tests PRIVATE <algorithm> <array> <chrono> <cstdint> <functional>
    <memory> <optional> <string> <string_view> <utility> <vector> <gmock/gmock.h> <gtest/gtest.h> <tl/expected.hpp>)
endif()

# leakguard_unit_tests(NAME lib…): every *_test.cc of this folder as one GoogleTest program, one ctest case a TEST.
function(leakguard_unit_tests name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE leakguard_test_options ${ARGN} GTest::gtest_main)
  if(TARGET leakguard_precompiled_tests)
    target_precompile_headers(${name} REUSE_FROM leakguard_precompiled_tests)
  endif()
  # Only where it is used (three headers use it): with an absolute path in every command line, no other checkout could
  # share ccache's results.
  foreach(source ${sources})
    file(STRINGS "${source}" uses_fixtures REGEX "FIXTURES|engine_fixture.h|hit_rate.h|protected_server.h" LIMIT_COUNT 1)
    if(uses_fixtures)
      set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_DEFINITIONS
        "FIXTURES=\"${CMAKE_SOURCE_DIR}/tests/fixtures\"")
    endif()
  endforeach()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 60)
endfunction()
