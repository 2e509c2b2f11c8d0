# find_package(sluice-plugin-api) gives the target sluice-plugin-api and the function sluice_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/sluice-plugin-api-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/SluiceAddPlugin.cmake)
