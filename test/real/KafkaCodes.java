import org.apache.kafka.common.protocol.Errors;

/** Kafka's own list of error codes, one a line: number and name. */
public class KafkaCodes {
    public static void main(String[] args) {
        for (Errors error : Errors.values()) System.out.println(error.code() + " " + error.name());
    }
}
