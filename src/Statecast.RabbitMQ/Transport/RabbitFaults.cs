using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>What errors of the client and the broker mean for people.</summary>
/// <param name="place">The broker's address, without secrets.</param>
/// <param name="user">Who this service is.</param>
/// <param name="virtualHost">Where.</param>
internal sealed class RabbitFaults(string place, string user, string virtualHost)
{
    /// <summary>Whether an exception is the broker's, the network's or the client's: not a defect of ours.</summary>
    public static bool IsExpected(Exception e) =>
        e
            is RabbitMQClientException
                or IOException
                or SocketException
                or TimeoutException
                or AuthenticationException
                or ObjectDisposedException
        || (e is OperationCanceledException);

    /// <summary>An exception that says what failed, where, and what mends it.</summary>
    public TransportException Explain(Exception error, string doing) => error as TransportException ?? new(Text(error, doing), error);

    /// <summary>The same of a channel or connection that was closed.</summary>
    public string Text(ShutdownEventArgs reason, string doing) => $"{Begin(doing)}: {Sentence(reason.ReplyText)} {Mend(reason)}";

    private string Text(Exception error, string doing)
    {
        if (error is OperationInterruptedException { ShutdownReason: { } reason })
            return Text(reason, doing);
        var inner = error is BrokerUnreachableException ? Innermost(error) : error;
        return $"{Begin(doing)}: {Sentence(inner.Message)} {MendConnection(inner)}";
    }

    private string Begin(string doing) => $"RabbitMQ at {place}: {doing} failed";

    private static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";

    private string Mend(ShutdownEventArgs reason) =>
        reason.ReplyCode switch
        {
            403 =>
                $"Grant the right that is missing, as in: rabbitmqctl set_permissions -p '{virtualHost}' '{user}' <configure> <write> <read>. docs/rabbitmq.md lists what a source and a target need.",
            404 =>
                "It was removed, or was never made: the source makes it at its start, targets make their queues. It is looked for again.",
            405 => "Another connection holds it: it is tried again.",
            406 =>
                "What is there was declared otherwise, by another version or with other settings. Set this service's settings to what is there; or let the queue run empty, remove it with rabbitmqctl delete_queue (an exchange in the management page), and start again: it is made anew.",
            530 =>
                $"Check that the virtual host '{virtualHost}' exists and that '{user}' may enter it (rabbitmqctl add_vhost, set_permissions).",
            320 => "The broker closed the connection: it restarts, or an operator closed it. It is tried again.",
            _ => "It is tried again.",
        };

    private string MendConnection(Exception error) =>
        error switch
        {
            AuthenticationFailureException or PossibleAuthenticationFailureException =>
                $"Check user and password of '{user}' and the virtual host '{virtualHost}'; the user 'guest' may log in on the broker's own machine alone.",
            AuthenticationException =>
                "Check Security:CaFile: the broker's certificate must be of a trusted authority and for the host name in Uri. Where the broker asks for a certificate, set Security:CertificateFile and KeyFile.",
            OperationInterruptedException { ShutdownReason: { } reason } => Mend(reason),
            _ => "Check that the broker runs, that Uri leads to it, and that amqp or amqps is what this port speaks.",
        };

    private static Exception Innermost(Exception error)
    {
        while (true)
        {
            if (
                error
                is AuthenticationException
                    or AuthenticationFailureException
                    or OperationInterruptedException { ShutdownReason: not null }
            )
                return error;
            var inner = error is AggregateException { InnerExceptions: [.., var last] } ? last : error.InnerException;
            if (inner is null)
                return error;
            error = inner;
        }
    }
}
