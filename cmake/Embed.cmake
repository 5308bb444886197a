# leakguard_embed(TARGET PATH): the text of a file travels inside the program, as `kStatusPageHtml` of
# "FOLDER/status_page_html.h" for status_page.html; FOLDER is the one of the CMakeLists.txt that calls this. A file of
# another folder (an absolute PATH) goes by its name alone.
function(leakguard_embed target path)
  if(IS_ABSOLUTE "${path}")
    get_filename_component(file "${path}" NAME)
  else()
    set(file "${path}")
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${path}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  string(MAKE_C_IDENTIFIER "${file}" base)
  set(constant "k")
  string(REPLACE "_" ";" words "${base}")
  foreach(word IN LISTS words)
    string(SUBSTRING "${word}" 0 1 first)
    string(SUBSTRING "${word}" 1 -1 rest)
    string(TOUPPER "${first}" first)
    string(APPEND constant "${first}${rest}")
  endforeach()
  file(READ "${path}" content)
  string(REPLACE "/" "::" scope "${folder}")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${folder}/${base}.h" CONTENT [[
#pragma once
// Made from @file@ by cmake/Embed.cmake.
#include <string_view>
namespace @scope@ {
inline constexpr std::string_view @constant@ = R"embedded(@content@)embedded";
}  // namespace @scope@
]] @ONLY)
endfunction()
