# Read by cpack: what the package depends on is what the program is linked to, as dpkg-shlibdeps
# knows it. Two are written by hand: libhs, because it would name the exact package of Hyperscan,
# which Vectorscan provides without a version, and either will do; and SQLite, which is loaded when
# it is needed first.
file(MAKE_DIRECTORY ${CPACK_TRAWL_FOLDER}/debian)
file(WRITE ${CPACK_TRAWL_FOLDER}/debian/control "Source: trawl\n\nPackage: trawl\nArchitecture: any\n")
execute_process(
	COMMAND dpkg-shlibdeps -O -xlibhyperscan5 -xlibvectorscan5 ${CPACK_TRAWL_PROGRAM}
	WORKING_DIRECTORY ${CPACK_TRAWL_FOLDER}
	OUTPUT_VARIABLE depends OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed OR NOT depends MATCHES "^shlibs:Depends=")
	message(FATAL_ERROR "dpkg-shlibdeps cannot tell what ${CPACK_TRAWL_PROGRAM} needs")
endif()
string(REPLACE "shlibs:Depends=" "" depends "${depends}")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libhyperscan5 | libvectorscan5, libsqlite3-0, ${depends}")
