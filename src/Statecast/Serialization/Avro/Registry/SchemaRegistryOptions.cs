using Statecast.Serialization.Compatibility;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>Settings of a schema registry and of how its schemas are used. Bound by the carrier that needs it, checked at start.</summary>
public sealed class SchemaRegistryOptions
{
    /// <summary>Addresses of one registry, for example <c>http://localhost:8081</c>: the first that answers is used. Nothing but these is ever asked; redirects are refused. User and password in an address are used as if set here.</summary>
    public IList<string> Urls { get; } = [];

    /// <summary>Keeps the schemas in files of this directory, instead of <see cref="Urls"/>: for work without a registry. Null for none.</summary>
    public string? Directory { get; set; }

    /// <summary>The user for basic authentication; null for none.</summary>
    public string? User { get; set; }

    /// <summary>The user's password. Never shown.</summary>
    public string? Password { get; set; }

    /// <summary>A fixed bearer token; see <see cref="UseBearerToken"/> for one that expires. Never shown.</summary>
    public string? BearerToken { get; set; }

    /// <summary>A PEM file with the certificates of the authorities that may vouch for the registry, instead of the machine's. The host's name is checked in any case.</summary>
    public string? CaCertificateFile { get; set; }

    /// <summary>A PEM file with the certificate, and its chain, that this service shows the registry; null for none.</summary>
    public string? ClientCertificateFile { get; set; }

    /// <summary>A PEM file with the certificate's key; null if it stands in the same file.</summary>
    public string? ClientKeyFile { get; set; }

    /// <summary>The password of an encrypted key. Never shown.</summary>
    public string? ClientKeyPassword { get; set; }

    /// <summary>Lets a source register its contracts' schemas by itself, at start. Default false: they are registered by whoever releases them.</summary>
    public bool AutoRegister { get; set; }

    /// <summary>
    /// What a new schema must be to those before it under its subject; a registry may demand more. Default <see cref="CompatibilityMode.BackwardTransitive"/>,
    /// as a log that is read from its beginning asks. Null leaves it to the registry.
    /// </summary>
    public CompatibilityMode? Compatibility { get; set; } = CompatibilityMode.BackwardTransitive;

    /// <summary>
    /// Where schemas are kept beside memory, so that this service starts and reads while no registry answers; several processes may share it. Null (the default)
    /// for memory alone: enough where a registry is always there, and for replicas in memory.
    /// </summary>
    public string? CacheDirectory { get; set; }

    /// <summary>The subjects whose schemas a target uses; a name may end in <c>*</c>. Empty (the default) for all of the registry's. An id that no such subject has is parked.</summary>
    public IList<string> AllowedSubjects { get; } = [];

    /// <summary>The longest that one request takes, its answer included. Default 10 s; 10 ms to 10 minutes.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a registry that does not answer is asked again, before the loop that needs it fails and is started anew. Default 30 s; 0 for one round, at most 1 hour.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a schema that a registry did not have is asked for again. Default 30 s; 10 ms to 1 day.</summary>
    public TimeSpan AskAgain { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most bytes of one answer. Default 4 MB; 1 KB to 64 MB.</summary>
    public int MaxAnswerBytes { get; set; } = 4 << 20;

    /// <summary>The most schemas that this service keeps; further ids are parked without asking, for each could be made up. Default 1,000; 1 to 100,000.</summary>
    public int MaxSchemas { get; set; } = 1000;

    internal Func<CancellationToken, ValueTask<string>>? TokenProvider { get; private set; }

    internal Action<SocketsHttpHandler>? Adjust { get; private set; }

    /// <summary>Asks for the bearer token of each request: whoever gives it caches it. What it throws counts as <see cref="SchemaRegistryFault.Denied"/>.</summary>
    public SchemaRegistryOptions UseBearerToken(Func<CancellationToken, ValueTask<string>> token)
    {
        TokenProvider = token;
        return this;
    }

    /// <summary>Adjusts the HTTP client's handler after these settings: a proxy, a pool, a certificate from a store.</summary>
    public SchemaRegistryOptions ConfigureHandler(Action<SocketsHttpHandler> adjust)
    {
        Adjust += adjust;
        return this;
    }

    /// <summary>What is wrong with these settings; null if nothing is. Names no secret.</summary>
    public string? FindProblem() => FindPlaceProblem() ?? FindSecurityProblem() ?? FindRangeProblem();

    private string? FindPlaceProblem()
    {
        if (Urls.Count == 0 == string.IsNullOrWhiteSpace(Directory))
            return Urls.Count == 0
                ? "Urls is empty and Directory is not set: name the registry's address, for example http://localhost:8081, or a directory for work without one."
                : "Urls and Directory are both set: keep the one that holds the schemas.";
        for (var i = 0; i < Urls.Count; i++)
            if (
                !Uri.TryCreate(Urls[i], UriKind.Absolute, out var url)
                || url.Scheme is not ("http" or "https")
                || url.Query.Length > 0
                || url.Fragment.Length > 0
            )
                return $"Urls[{i}] is no address of a registry: http:// or https://, a host and perhaps a path are expected, without query.";
        return null;
    }

    private string? FindSecurityProblem()
    {
        var users = Urls.Any(u => new Uri(u).UserInfo.Length > 0);
        if (User is null != Password is null)
            return "User and Password belong together: set both or none.";
        if ((User is not null || users ? 1 : 0) + (BearerToken is not null ? 1 : 0) + (TokenProvider is not null ? 1 : 0) > 1)
            return "A user, BearerToken and UseBearerToken are more than one way to authenticate: keep one.";
        if (User is not null && users)
            return "User is set and an address in Urls names one too: keep User.";
        if (User?.Contains(':', StringComparison.Ordinal) == true)
            return "User contains a colon, which basic authentication does not allow.";
        foreach (
            var (name, file) in new[]
            {
                (nameof(CaCertificateFile), CaCertificateFile),
                (nameof(ClientCertificateFile), ClientCertificateFile),
                (nameof(ClientKeyFile), ClientKeyFile),
            }
        )
            if (file is not null && !File.Exists(file))
                return $"{name} is '{file}', and there is no such file.";
        return ClientCertificateFile is null && ClientKeyFile is not null ? "ClientKeyFile is set without ClientCertificateFile." : null;
    }

    private string? FindRangeProblem()
    {
        if (Out(RequestTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)))
            return $"RequestTimeout is {RequestTimeout}; it must lie between 10 milliseconds and 10 minutes.";
        if (Out(Patience, TimeSpan.Zero, TimeSpan.FromHours(1)))
            return $"Patience is {Patience}; it must lie between 0 and 1 hour.";
        if (Out(AskAgain, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)))
            return $"AskAgain is {AskAgain}; it must lie between 10 milliseconds and 1 day.";
        if (MaxAnswerBytes is < 1024 or > 64 << 20)
            return $"MaxAnswerBytes is {MaxAnswerBytes}; it must lie between 1,024 and {64 << 20}.";
        return MaxSchemas is < 1 or > 100_000 ? $"MaxSchemas is {MaxSchemas}; it must lie between 1 and 100,000." : null;
    }

    private static bool Out(TimeSpan value, TimeSpan least, TimeSpan most) => value < least || value > most;
}
