# SPDX-License-Identifier: GPL-2.0-or-later
# Puts files into the binary as a C array of struct embedded_file (nat-models/embed.h).
#
#   embed(TARGET SYMBOL FOLDER PATTERN)   the files below FOLDER that match, as `SYMBOL[]`
#
# The same file is the script that does it at build time, so a changed file is taken anew.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  set(EMBED_HEADER ${CMAKE_CURRENT_LIST_DIR}/embed.h)

  function(embed target symbol folder pattern)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/${pattern})
    set(output ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} -DFOLDER=${folder} -DPATTERN=${pattern}
              -DHEADER=${EMBED_HEADER} -DOUTPUT=${output} -P ${EMBED_SCRIPT}
      DEPENDS ${files} ${EMBED_SCRIPT}
      COMMENT "Embedding ${pattern} of ${folder}"
      VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/${PATTERN})
list(SORT files)
set(arrays "")
set(table "")
set(n 0)
foreach(name ${files})
  file(READ ${FOLDER}/${name} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR len "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file_${n}[] = {\n${bytes}0};\n")
  string(APPEND table "\t{ \"${name}\", (const char *)file_${n}, ${len} },\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n\n${arrays}\nconst struct embedded_file ${SYMBOL}[] = {\n${table}\t{ 0, 0, 0 },\n};\n")
