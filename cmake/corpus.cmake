# corpus: each kept input is a test of its own, so that a failing one is named; and all of a kind are one.
#
# Those of their own have the label "alone": a process for each of them is paid for where the sanitizers and every assertion
# are (`make test`), and other builds take the same inputs together.
#
# corpus/{heap,dump,ops,relations,decode}/{seed,found,regression,slow}/*: those of
#   heap and dump   are replayed under the oracle
#   ops             go through the codec and back: any bytes, refused ones too
#   relations       are parsed and evaluated as relations
#   decode          go through the decoder and back
#
# holds: fuzz/targets/engine_none.c fuzz/targets/target_decode.c fuzz/targets/target_ops.c
# holds: fuzz/targets/graph_laws.c fuzz/targets/target_relations.c cli/dump/export/laws.c cli/dump/export/laws_data.c

# countercheck_corpus(TARGET) sets corpus_files to the kept inputs of one target.
macro(countercheck_corpus target)
    file(GLOB corpus_files CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/corpus/${target}/seed/*
        ${PROJECT_SOURCE_DIR}/corpus/${target}/found/*
        ${PROJECT_SOURCE_DIR}/corpus/${target}/regression/*
        ${PROJECT_SOURCE_DIR}/corpus/${target}/slow/*)
    list(FILTER corpus_files EXCLUDE REGEX "\\.md$")
endmacro()

# countercheck_corpus_test(FILE COMMAND...) names the test after the file's place in the corpus.
function(countercheck_corpus_test file)
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${file})
    add_test(NAME ${name} COMMAND ${ARGN} ${file} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    countercheck_test_settings(${name} "corpus;alone")
endfunction()

if(TARGET countercheck)
    # What is known does not fail, and what is in the list has to be found still.
    add_test(NAME corpus.known COMMAND countercheck replay --known ci/known corpus/heap corpus/dump
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    countercheck_test_settings(corpus.known corpus)
    foreach(target heap dump)
        countercheck_corpus(${target})
        foreach(file IN LISTS corpus_files)
            countercheck_corpus_test(${file} countercheck replay --known ${PROJECT_SOURCE_DIR}/ci/known)
        endforeach()
    endforeach()
endif()
foreach(target decode ops relations)
    if(TARGET fuzz_${target})
        countercheck_corpus(${target})
        add_test(NAME corpus.${target} COMMAND fuzz_${target} ${corpus_files} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
        countercheck_test_settings(corpus.${target} corpus)
        foreach(file IN LISTS corpus_files)
            countercheck_corpus_test(${file} fuzz_${target})
        endforeach()
    endif()
endforeach()
