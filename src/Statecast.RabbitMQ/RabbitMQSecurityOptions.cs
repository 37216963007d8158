namespace Statecast.RabbitMQ;

/// <summary>Encryption and login. Configuration section <c>Statecast:RabbitMQ:Security</c>; secrets belong into a provider for secrets, and are never logged.</summary>
public sealed class RabbitMQSecurityOptions
{
    /// <summary>The user; goes before the one in the URI.</summary>
    public string? User { get; set; }

    /// <summary>The user's password; goes before the one in the URI.</summary>
    public string? Password { get; set; }

    /// <summary>The authorities that are trusted, as a PEM file. Default: those of the system. Needs <c>amqps</c>.</summary>
    public string? CaFile { get; set; }

    /// <summary>The client's certificate, as a PEM file, where the broker asks for one. Needs <c>amqps</c>.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's private key, as a PEM file.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The private key's password, if it has one.</summary>
    public string? KeyPassword { get; set; }

    /// <summary>
    /// Whether the certificate is the login (SASL EXTERNAL): the broker takes the user from it, and needs its plugin <c>rabbitmq_auth_mechanism_ssl</c>. Default
    /// false: the certificate only opens the connection.
    /// </summary>
    public bool LoginByCertificate { get; set; }

    /// <summary>
    /// Accepts a broker's certificate whatever host name it is for: whoever has any certificate of a trusted authority can then pose as the broker.
    /// Said as a warning in the log at every start. Default false.
    /// </summary>
    public bool SkipHostNameCheck { get; set; }

    internal string? FindProblem(Uri uri)
    {
        var tls = uri.Scheme == "amqps";
        if (!tls && ((CaFile ?? CertificateFile ?? KeyFile) is not null || SkipHostNameCheck || LoginByCertificate))
            return "Security speaks of certificates, but the URI begins with amqp://: write amqps://, or leave them out.";
        if (CertificateFile is null != KeyFile is null)
            return "Security:CertificateFile and Security:KeyFile belong together: set both or none.";
        if (LoginByCertificate && CertificateFile is null)
            return "Security:LoginByCertificate needs Security:CertificateFile and Security:KeyFile.";
        var hasPassword = !string.IsNullOrEmpty(Password) || uri.UserInfo.Contains(':', StringComparison.Ordinal);
        return !tls && hasPassword && !uri.IsLoopback && !AllowPlainPassword
            ? "A password over amqp:// would be readable on the network: write amqps://, or set Security:AllowPlainPassword where the network itself is trusted."
            : null;
    }

    /// <summary>Lets a password go over <c>amqp://</c> to another machine, where it can be read on the way. Default false.</summary>
    public bool AllowPlainPassword { get; set; }
}
