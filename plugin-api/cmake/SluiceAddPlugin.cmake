# sluice_add_plugin(NAME source...)
#
#   A plugin NAME.so: a module that exports sluice_plugin_entry_v1 and nothing else, and has no symbol left open. Add
#   libraries with target_link_libraries(NAME PRIVATE ...) as for any target. C++ is C++20 unless the project says otherwise.
#   After the build neither the file nor its folder may be written by others than their owner, whatever the umask: a host
#   refuses plugins that others could change.
#
# sluice_add_plugin_test(NAME [source...])
#
#   GoogleTest unit tests NAME-tests of that plugin, with the plugin's objects, libraries and include folders; without
#   sources: tests/*_test.cpp. Does nothing while testing is off or there are no sources.

set(SLUICE_PLUGIN_VERSION_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/sluice-plugin.map)

function(sluice_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE sluice-plugin-api)
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX .so DEFINE_SYMBOL ""
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS ${SLUICE_PLUGIN_VERSION_SCRIPT})
    target_link_options(${name} PRIVATE -Wl,--version-script=${SLUICE_PLUGIN_VERSION_SCRIPT})
    # Clang leaves the symbols of its sanitizers to the executable.
    if(NOT ("${CMAKE_C_COMPILER_ID}${CMAKE_CXX_COMPILER_ID}" MATCHES Clang AND
            "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${SLUICE_SANITIZE}" MATCHES "sanitize|address|thread"))
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND chmod go-w $<TARGET_FILE:${name}> $<TARGET_FILE_DIR:${name}> VERBATIM)
    if(NOT CMAKE_CXX_STANDARD)
        set_target_properties(${name} PROPERTIES CXX_STANDARD 20)  # what the C++ SDK is written in
    endif()
    set_property(GLOBAL APPEND PROPERTY SLUICE_PLUGINS ${name})
endfunction()

function(sluice_add_plugin_test name)
    set(sources ${ARGN})
    if(NOT sources)
        file(GLOB sources CONFIGURE_DEPENDS tests/*_test.cpp)
    endif()
    if(NOT BUILD_TESTING OR NOT sources)
        return()
    endif()
    find_package(GTest REQUIRED)
    include(GoogleTest)
    add_executable(${name}-tests ${sources} $<TARGET_OBJECTS:${name}>)
    if(NOT CMAKE_CXX_STANDARD)
        set_target_properties(${name}-tests PROPERTIES CXX_STANDARD 20)
    endif()
    target_include_directories(${name}-tests PRIVATE
        ${CMAKE_CURRENT_SOURCE_DIR} $<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>)
    target_link_libraries(${name}-tests PRIVATE
        sluice-plugin-api $<TARGET_PROPERTY:${name},LINK_LIBRARIES> GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}-tests TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
        PROPERTIES LABELS "unit" TIMEOUT 120)
endfunction()
