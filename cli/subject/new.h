// new: an adapter to begin with: a folder that compiles and gives a verdict at once.
#ifndef CLI_SUBJECT_NEW_H
#define CLI_SUBJECT_NEW_H

#include <stddef.h>

// A file of subject/template/, made part of the command when it is built (cmake/subjects.cmake).
struct template_file {
    const char *path; // below the folder; "template" in it stands for the subject's name
    const unsigned char *bytes;
    size_t size_bytes;
};
extern const struct template_file template_files[]; // ends with a NULL path

// Makes the folder NAME with all of them, and prints the two commands to go on with. A status: what
// is there already is not touched.
int subject_new(const char *name);

#endif
