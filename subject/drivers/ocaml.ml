(* ocaml: the heap of OCaml, by Gc.stat, Gc.quick_stat and Gc.counters. *)
(* needs: ocaml ocamlopt *)
(* build: cp SOURCE OUT.ml *)
(* build: ocamlopt -o OUT OUT.ml *)
(* run: OUT *)
(* An object is a Bytes. What these lines allocate in between is in the counters too. *)

let objects_max = 70_000
let objects = Array.make objects_max Bytes.empty
let word_bytes = Sys.word_size / 8

(* A header, and at least a byte behind the text. *)
let charged size = ((size / word_bytes) + 2) * word_bytes

let statistics =
  [ "cumulative minor_words"; "cumulative promoted_words"; "cumulative major_words"; "cumulative minor_collections";
    "cumulative major_collections"; "gauge heap_words"; "gauge heap_chunks"; "gauge live_words"; "gauge live_blocks";
    "gauge free_words"; "gauge free_blocks"; "gauge largest_free"; "gauge fragments"; "cumulative compactions";
    "peak top_heap_words of=heap_words"; "gauge quick.heap_words"; "gauge quick.heap_chunks";
    "cumulative quick.minor_words"; "cumulative quick.promoted_words"; "cumulative quick.major_words";
    "cumulative quick.minor_collections"; "cumulative quick.major_collections"; "cumulative quick.compactions";
    "peak quick.top_heap_words of=quick.heap_words"; "cumulative counters.minor_words";
    "cumulative counters.promoted_words"; "cumulative counters.major_words"; "cumulative allocated_bytes" ]

let collections () = (Gc.quick_stat ()).minor_collections

(* Again, when a collection came in between; from 5.0 on, Gc.stat itself collects. *)
let rec read () =
  let full = Gc.stat () in
  let quick = Gc.quick_stat () in
  let minor, promoted, major = Gc.counters () in
  let allocated = Gc.allocated_bytes () in
  if collections () <> full.minor_collections then read () else
  Printf.sprintf "%.0f %.0f %.0f %d %d %d %d %d %d %d %d %d %d %d %d %d %d %.0f %.0f %.0f %d %d %d %d %.0f %.0f %.0f %.0f"
    full.minor_words full.promoted_words full.major_words full.minor_collections full.major_collections full.heap_words
    full.heap_chunks full.live_words full.live_blocks full.free_words full.free_blocks full.largest_free full.fragments
    full.compactions full.top_heap_words quick.heap_words quick.heap_chunks quick.minor_words quick.promoted_words
    quick.major_words quick.minor_collections quick.major_collections quick.compactions quick.top_heap_words minor
    promoted major allocated

let policy = function "next_fit" -> 0 | "first_fit" -> 1 | _ -> 2

let start option =
  Gc.set { (Gc.get ()) with allocation_policy = policy option };
  Gc.compact ();
  "ok"

let answer line =
  match String.split_on_char ' ' line with
  | [ "alloc"; at; size ] ->
      let size = int_of_string size in
      objects.(int_of_string at) <- Bytes.create size;
      Printf.sprintf "ok %d %d" size (charged size)
  | [ "free"; at ] -> objects.(int_of_string at) <- Bytes.empty; "ok"
  | [ "read" ] -> read ()
  | [ "collect" ] -> Gc.full_major (); "ok"
  | [ "purge" ] -> Gc.compact (); "ok"
  | [ "begin"; option ] -> start option
  | [ "begin" ] -> start ""
  | [ "end" ] -> "ok"
  | _ -> "no such request"

let () =
  Printf.printf "name ocaml\nversion %s\nalignment 8\nsize_max 16777216\nis random\ndoes free collect purge\n" Sys.ocaml_version;
  List.iter (Printf.printf "option %s\n") [ "next_fit"; "first_fit"; "best_fit" ];
  List.iter (Printf.printf "statistic %s unsteady\n") statistics;
  print_endline "ready";
  try
    while true do
      print_endline (answer (read_line ()))
    done
  with End_of_file -> ()
