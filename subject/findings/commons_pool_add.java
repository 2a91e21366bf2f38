// commons_pool_add: an object that could not be added is borrowed for ever, by nobody.
//
// java -cp /usr/share/java/commons-pool2.jar commons_pool_add.java          Status 1: the defect shows.
// Debian: libcommons-pool2-java 2.11.1, and a Java of 17 or later
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;

class CommonsPoolAdd {
    static class Refuses extends BasePooledObjectFactory<Object> {
        @Override
        public Object create() {
            return new Object();
        }
        @Override
        public PooledObject<Object> wrap(Object object) {
            return new DefaultPooledObject<>(object);
        }
        @Override
        public void passivateObject(PooledObject<Object> object) {
            throw new IllegalStateException("cannot be put to rest");
        }
    }

    public static void main(String[] arguments) {
        GenericObjectPool<Object> pool = new GenericObjectPool<>(new Refuses());
        pool.setBlockWhenExhausted(false);
        int refused = 0;
        for (int i = 0; i < pool.getMaxTotal(); i++) {
            try {
                pool.addObject();
            } catch (Exception exception) {
                refused++;
            }
        }
        String given = "given";
        int active = pool.getNumActive();
        try {
            pool.borrowObject();
        } catch (Exception exception) {
            given = "refused";
        }
        System.out.println(refused + " additions refused, none borrowed: " + active + " active, " + pool.getNumIdle()
            + " idle, " + pool.getDestroyedCount() + " of " + pool.getCreatedCount() + " destroyed; the next one: " + given);
        System.exit(active > 0 ? 1 : 0);
    }
}
