# The man page, the completions and the Debian package. Included by the top CMakeLists.txt; `cpack`
# in the build folder makes the package, and ci/deb does all of it.

# Where Python is missing the program is built and installed without them.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
	set(folder ${PROJECT_BINARY_DIR}/package)
	add_custom_command(OUTPUT ${folder}/trawl.1.gz ${folder}/trawl.bash ${folder}/trawl.fish
			${folder}/_trawl
		COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/generate.py $<TARGET_FILE:trawl> ${folder}
		DEPENDS trawl ${CMAKE_CURRENT_LIST_DIR}/generate.py
		COMMENT "Making the man page and the completions")
	add_custom_target(manual ALL DEPENDS ${folder}/trawl.1.gz)
	install(FILES ${folder}/trawl.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
	install(FILES ${folder}/trawl.bash RENAME trawl
		DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
	install(FILES ${folder}/_trawl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
	install(FILES ${folder}/trawl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME trawl)
set(CPACK_PACKAGE_VENDOR "Trawl project")
set(CPACK_PACKAGE_CONTACT "Trawl project <trawl-project@users.noreply.github.com>")
set(CPACK_PACKAGE_HOMEPAGE_URL https://github.com/trawl-project/trawl)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "scanner for leaked credentials")
set(CPACK_PACKAGE_DESCRIPTION "Trawl finds tokens, keys and passwords in working trees, in what is
about to be committed or pushed, and in everything that a git repository has
ever stored, and tells how to revoke them.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
	GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/depends.cmake)
set(CPACK_TRAWL_PROGRAM ${PROJECT_BINARY_DIR}/trawl)
set(CPACK_TRAWL_FOLDER ${PROJECT_BINARY_DIR}/package)
include(CPack)
