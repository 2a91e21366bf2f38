# ruby: the heap of CRuby, by GC.stat and ObjectSpace.count_objects.
# needs: ruby ruby
# run: ruby --disable=gems,did_you_mean,error_highlight SOURCE
# frozen_string_literal: true
#
# An object is a String in a slot of the heap. Nothing here makes an object between a request and its
# answer but what is asked for, and syswrite one for each answer, so that counts are exact: lines are
# read and written as bytes.

OBJECTS_MAX = 70_000
KINDS = {
  count: 'cumulative', heap_allocated_pages: 'gauge', heap_allocatable_pages: 'gauge', heap_available_slots: 'gauge',
  heap_live_slots: 'gauge', heap_free_slots: 'gauge', heap_final_slots: 'gauge', heap_marked_slots: 'gauge',
  heap_eden_pages: 'gauge', heap_tomb_pages: 'gauge', total_allocated_pages: 'cumulative',
  total_freed_pages: 'cumulative', total_allocated_objects: 'cumulative', total_freed_objects: 'cumulative',
  minor_gc_count: 'cumulative', major_gc_count: 'cumulative', compact_count: 'cumulative'
}.freeze
NAMES = KINDS.keys.freeze
TYPES = %i[TOTAL FREE T_STRING T_ZOMBIE].freeze
FINALIZER = proc { @finalized += 1 }
SPACE = 32
NUL = "\0"
FEED = 10
ZERO = 48

@objects = Array.new(OBJECTS_MAX)
@stat = {}
@types = {}
@in = String.new(capacity: 4096, encoding: 'BINARY')
@out = String.new(capacity: 65_536, encoding: 'BINARY')
@words = Array.new(4)
@digits = Array.new(20)
@option = 'plain'
@finalized = 0
@answers = 0

def number(value)
  count = 0
  while value.positive? || count.zero?
    @digits[count] = value % 10
    value /= 10
    count += 1
  end
  while count.positive?
    count -= 1
    @out << (ZERO + @digits[count])
  end
  @out << SPACE
end

def sum_of_types
  sum = 0
  @types.each_value { |value| sum += value }
  sum - @types[:TOTAL]
end

def read
  GC.stat(@stat)
  ObjectSpace.count_objects(@types)
  i = 0
  while i < NAMES.size
    number(@stat[NAMES[i]])
    i += 1
  end
  i = 0
  while i < TYPES.size
    number(@types[TYPES[i]] || 0)
    i += 1
  end
  number(sum_of_types)
  number(GC.count)
  number(@finalized)
  number(@answers)
  @out.setbyte(@out.bytesize - 1, FEED)
end

# The operand that begins there: a number.
def operand(at)
  value = 0
  while (byte = @in.getbyte(at)) != SPACE && byte != FEED
    value = value * 10 + byte - ZERO
    at += 1
  end
  @next = at + 1
  value
end

def alloc(at)
  object = operand(at)
  size = operand(@next)
  @objects[object] = NUL * size
  ObjectSpace.define_finalizer(@objects[object], FINALIZER) if @option == 'finalizers'
  @out << 'ok '
  number(size)
  number(1)
  @out.setbyte(@out.bytesize - 1, FEED)
end

def begin_program(line)
  @option = line.split[1] || 'plain'
  GC.disable
  3.times do
    GC.start
    read
    @out.clear
  end
  @finalized = 0
  GC.enable if @option == 'automatic'
end

# One letter tells a request from the others: begin, alloc, free, collect, purge, settle, end; read
# and verify.
def answer
  case @in.getbyte(0)
  when 97 then return alloc(6)
  when 98 then begin_program(@in)
  when 99 then GC.start
  when 102 then @objects[operand(5)] = nil
  when 112 then GC.compact if @option == 'compacting'
  when 114 then return read
  when 115 then GC.verify_internal_consistency unless @option == 'plain' || @option == 'automatic' # it makes objects
  end
  @out << "ok\n"
end

def describe
  puts 'name ruby', "version #{RUBY_VERSION}", 'alignment 8', 'size_max 16777216', 'answer_ms 20000', 'is random'
  puts 'does free collect purge settle'
  %w[plain automatic finalizers compacting].each { |name| puts "option #{name}" }
  NAMES.each { |name| puts "statistic #{KINDS[name]} #{name} unsteady" }
  TYPES.each { |name| puts "statistic gauge #{name} unsteady" }
  puts 'statistic gauge types unsteady', 'statistic cumulative gc_count', 'statistic cumulative finalized'
  puts 'statistic cumulative answers unsteady', 'ready'
  $stdout.flush
end

# Each line runs before the first number counts: Ruby remembers in objects what a call led to.
def warm
  30.times do
    ["begin\n", "alloc 0 100\n", "alloc 1 0\n", "read\n", "free 0\n", "free 1\n", "collect\n", "end\n"].each do |line|
      @in.replace(line)
      answer
      @out.clear
    end
  end
end

warm
describe
loop do
  begin
    $stdin.sysread(4096, @in)
  rescue EOFError
    exit
  end
  answer
  @answers += 1
  $stdout.syswrite(@out)
  @out.clear
end
