using Confluent.Kafka;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>
/// What errors of the clients mean for people. A client that is not let in reports why once, and what was asked of it then runs out of time: so the newest
/// such report is kept, and told with the time-out.
/// </summary>
internal sealed class KafkaFaults(KafkaOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(30);

    private volatile Refusal? _refusal;

    /// <summary>A client reports an error.</summary>
    public void Note(Error error)
    {
        // What a broker says of a client's certificate comes as a broken connection: only the text tells.
        if (error.Code == ErrorCode.Local_Transport && error.Reason.Contains("tls", StringComparison.OrdinalIgnoreCase))
            error = new(ErrorCode.Local_Ssl, error.Reason);
        if (error.Code is ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Ssl)
            _refusal = new(error, clock.GetTimestamp());
    }

    /// <summary>An exception that says what failed, where, and what mends it.</summary>
    public TransportException Explain(KafkaException error, KafkaAct act) => new(Explain(error.Error, act), error);

    /// <summary>The same as text.</summary>
    public string Explain(Error error, KafkaAct act)
    {
        var cause = IsSilence(error.Code) && _refusal is { } refusal && clock.GetElapsedTime(refusal.At) < Recent ? refusal.Error : error;
        return $"Kafka at {options.BootstrapServers}: {act.Doing} failed: {cause.Reason} ({cause.Code}). {Mend(cause.Code, act)}";
    }

    private static bool IsSilence(ErrorCode code) =>
        code is ErrorCode.Local_TimedOut or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown;

    private string Mend(ErrorCode code, KafkaAct act) =>
        code switch
        {
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed => Grant(act),
            ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication =>
                "Check Security:Login, User and Password against what the brokers know.",
            ErrorCode.Local_Ssl =>
                "Check Security:Tls and CaFile: the broker's certificate must be of a trusted authority and for the host name in BootstrapServers. Where brokers ask for a certificate, set CertificateFile and KeyFile.",
            ErrorCode.MsgSizeTooLarge =>
                "The record is larger than the topic's max.message.bytes or the client's MaxMessageBytes: raise both, or make the state smaller.",
            ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve =>
                "Check that the brokers run, that BootstrapServers leads to them, and that Security:Tls and Login are what this listener speaks.",
            ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend =>
                "Fewer copies are in sync than min.insync.replicas asks for: bring the missing brokers back.",
            ErrorCode.InvalidReplicationFactor =>
                "Fewer brokers are up than ReplicationFactor asks copies of: bring the missing ones up, or set it to at most their number.",
            _ => "It is tried again.",
        };

    private string Grant(KafkaAct act)
    {
        var user = options.Security.User is { } name ? $"User:{name}" : "User:<as the brokers name this service>";
        var instead = act.Right == "Create" ? " Or make the topic by hand and turn CreateTopics off." : "";
        return $"The service lacks the right {act.Right} on the {act.On} '{act.Name}'. Grant it with: kafka-acls.sh --bootstrap-server {options.BootstrapServers} "
            + $"--add --allow-principal '{user}' --operation {act.Right} --{act.On} {act.Name}.{instead} In all a source needs Describe, DescribeConfigs, Read and Write, "
            + "and Create unless CreateTopics is off; a target Describe, DescribeConfigs and Read; both also on the control topic. A shared target needs Read on its group besides.";
    }

    private sealed record Refusal(Error Error, long At);
}
