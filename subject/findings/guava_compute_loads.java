// guava_compute_loads: what is computed by the map of a cache counts as loaded by a lookup.
//
// java -cp /usr/share/java/guava.jar guava_compute_loads.java          Status 1: the defect shows.
// Debian: libguava-java 31.1, and a Java of 17 or later
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;

class GuavaComputeLoads {
    public static void main(String[] arguments) {
        Cache<String, Integer> cache = CacheBuilder.newBuilder().recordStats().build();
        cache.put("a", 1);
        String before = cache.stats().toString();
        cache.asMap().merge("a", 1, Integer::sum);
        System.out.println(before + "\n" + cache.stats());
        System.exit(cache.stats().toString().equals(before) ? 0 : 1);
    }
}
