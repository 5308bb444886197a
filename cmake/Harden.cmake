# leakguard_harden(TARGET): what makes a memory fault harder to exploit, for the programs and all that is linked into
# them. Tests are left out: they are built without optimisation, which _FORTIFY_SOURCE needs. tests/configs reads the
# result in the programs.
set(LEAKGUARD_HARDENING -fstack-protector-strong -fstack-clash-protection -fPIE)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND LEAKGUARD_HARDENING -fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  list(APPEND LEAKGUARD_HARDENING -mbranch-protection=standard)
endif()
# Debug builds have no optimisation, and the sanitizers check the same calls themselves.
set(LEAKGUARD_FORTIFIED_BUILDS Release,RelWithDebInfo,MinSizeRel)
list(APPEND LEAKGUARD_HARDENING
  "$<$<CONFIG:${LEAKGUARD_FORTIFIED_BUILDS}>:-U_FORTIFY_SOURCE>"
  "$<$<CONFIG:${LEAKGUARD_FORTIFIED_BUILDS}>:-D_FORTIFY_SOURCE=2>")

function(leakguard_harden target)
  target_compile_options(${target} PRIVATE ${LEAKGUARD_HARDENING})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_options(${target} PRIVATE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  endif()
endfunction()
