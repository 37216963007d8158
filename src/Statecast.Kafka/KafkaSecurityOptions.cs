using Confluent.Kafka;

namespace Statecast.Kafka;

/// <summary>How a service proves who it is to the brokers.</summary>
public enum KafkaLogin
{
    /// <summary>Not at all, or by its client certificate.</summary>
    None,

    /// <summary>User and password (SASL PLAIN). Only under TLS, or on this machine.</summary>
    Plain,

    /// <summary>User and password that are never sent (SASL SCRAM-SHA-256).</summary>
    ScramSha256,

    /// <summary>User and password that are never sent (SASL SCRAM-SHA-512).</summary>
    ScramSha512,
}

/// <summary>Encryption and login. Configuration section <c>Statecast:Kafka:Security</c>; secrets belong into a provider for secrets, and are never logged.</summary>
public sealed class KafkaSecurityOptions
{
    /// <summary>Whether connections are encrypted and the brokers' certificates checked. Default false.</summary>
    public bool Tls { get; set; }

    /// <summary>The authorities that are trusted, as a PEM file. Default: those of the system.</summary>
    public string? CaFile { get; set; }

    /// <summary>The client's certificate, as a PEM file, where brokers ask for one.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's private key, as a PEM file.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The private key's password, if it has one.</summary>
    public string? KeyPassword { get; set; }

    /// <summary>The login. Default none.</summary>
    public KafkaLogin Login { get; set; }

    /// <summary>The user.</summary>
    public string? User { get; set; }

    /// <summary>The user's password.</summary>
    public string? Password { get; set; }

    /// <summary>
    /// Accepts a broker's certificate whatever host name it is for: whoever has any certificate of a trusted authority can then pose as the broker.
    /// Said as a warning in the log at every start. Default false.
    /// </summary>
    public bool SkipHostNameCheck { get; set; }

    internal string? FindProblem(string bootstrapServers)
    {
        if (!Tls && (CaFile ?? CertificateFile ?? KeyFile) is not null)
            return "Security names certificates, but Security:Tls is off: turn it on, or leave them out.";
        if (CertificateFile is null != KeyFile is null)
            return "Security:CertificateFile and Security:KeyFile belong together: set both or none.";
        if (Login == KafkaLogin.None)
            return User is null && Password is null
                ? null
                : "Security has a User or Password, but no Login: set Plain, ScramSha256 or ScramSha512.";
        if (string.IsNullOrEmpty(User) || string.IsNullOrEmpty(Password))
            return $"Security:Login is {Login}, which needs Security:User and Security:Password.";
        return Login == KafkaLogin.Plain && !Tls && !bootstrapServers.Split(',').All(IsLoopback)
            ? "Security:Login is Plain without Security:Tls: the password would be readable on the network. Turn Tls on, or use ScramSha512."
            : null;
    }

    internal void Apply(ClientConfig config)
    {
        config.SecurityProtocol = (Tls, Login) switch
        {
            (true, KafkaLogin.None) => SecurityProtocol.Ssl,
            (true, _) => SecurityProtocol.SaslSsl,
            (false, KafkaLogin.None) => SecurityProtocol.Plaintext,
            _ => SecurityProtocol.SaslPlaintext,
        };
        if (Tls)
        {
            config.SslCaLocation = CaFile;
            config.SslCertificateLocation = CertificateFile;
            config.SslKeyLocation = KeyFile;
            config.SslKeyPassword = KeyPassword;
            config.SslEndpointIdentificationAlgorithm = SkipHostNameCheck
                ? SslEndpointIdentificationAlgorithm.None
                : SslEndpointIdentificationAlgorithm.Https;
        }
        if (Login == KafkaLogin.None)
            return;
        config.SaslMechanism = Login switch
        {
            KafkaLogin.Plain => SaslMechanism.Plain,
            KafkaLogin.ScramSha256 => SaslMechanism.ScramSha256,
            _ => SaslMechanism.ScramSha512,
        };
        config.SaslUsername = User;
        config.SaslPassword = Password;
    }

    private static bool IsLoopback(string server)
    {
        var host = server.Trim();
        host = host[..(host.LastIndexOf(':') is > 0 and var colon ? colon : host.Length)].Trim('[', ']');
        return host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));
    }
}
