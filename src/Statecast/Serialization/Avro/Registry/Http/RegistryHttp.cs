using System.Net;
using System.Net.Http.Headers;
using Statecast.Hosting;

namespace Statecast.Serialization.Avro.Registry.Http;

/// <summary>
/// Sends requests: to the address that answered last, at a failure to the next, after a round of all with a wait of full jitter. Everything that a registry
/// is asked may be asked twice, registering too.
/// </summary>
internal sealed class RegistryHttp : IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly MediaTypeHeaderValue Json = new("application/vnd.schemaregistry.v1+json");

    private readonly SchemaRegistryOptions _options;
    private readonly TimeProvider _clock;
    private readonly IEntropy _entropy;
    private readonly HttpClient _client;
    private readonly RegistryUrl[] _urls;
    private volatile int _preferred;

    public RegistryHttp(SchemaRegistryOptions options, TimeProvider clock, IEntropy entropy)
    {
        (_options, _clock, _entropy) = (options, clock, entropy);
        _urls = [.. options.Urls.Select(u => new RegistryUrl(u, options))];
        // The time-out of a request is ours: it must follow the clock, and cover the reading of the answer.
        _client = new(RegistryHandler.Make(options)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Name => string.Join(", ", _urls.Select(u => u.Name));

    /// <summary>Asks, again while that can help and patience lasts.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path below the address, escaped.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>An answer with which the registry knows what it says: 200, 404, 409, 422.</returns>
    /// <exception cref="SchemaRegistryException">Any other end.</exception>
    public async ValueTask<RegistryAnswer> AskAsync(HttpMethod method, string path, byte[]? body, CancellationToken ct)
    {
        var started = _clock.GetTimestamp();
        var backoff = new Backoff(_entropy, FirstWait, LongestWait);
        for (var tries = 0; ; tries++)
        {
            var at = (_preferred + tries % _urls.Length) % _urls.Length;
            SchemaRegistryException failure;
            TimeSpan? asked = null;
            try
            {
                var answer = await TryAsync(_urls[at], method, path, body, after => asked = after, ct).ConfigureAwait(false);
                _preferred = at;
                return answer;
            }
            catch (SchemaRegistryException e) when (e.Fault == SchemaRegistryFault.Unavailable)
            {
                failure = e;
            }
            // All addresses are tried at once; only a full round says that there is a reason to wait.
            if ((tries + 1) % _urls.Length != 0)
                continue;
            var wait = backoff.Next();
            if (asked > wait)
                wait = asked.Value;
            if (_clock.GetElapsedTime(started) + wait >= _options.Patience)
                throw failure;
            await Task.Delay(wait, _clock, ct).ConfigureAwait(false);
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<RegistryAnswer> TryAsync(
        RegistryUrl url,
        HttpMethod method,
        string path,
        byte[]? body,
        Action<TimeSpan> retryAfter,
        CancellationToken ct
    )
    {
        var asked = $"{method} {url.Name}/{path}";
        using var request = new HttpRequestMessage(method, url.Of(path));
        request.Headers.Accept.ParseAdd("application/vnd.schemaregistry.v1+json, application/json;q=0.9");
        request.Headers.Authorization = url.Basic ?? await TokenAsync(ct).ConfigureAwait(false);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = Json } };
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var response = await _client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token)
                .ConfigureAwait(false);
            if (response.Headers.RetryAfter?.Delta is { } after)
                retryAfter(after);
            ThrowUnlessAnswer(asked, response.StatusCode);
            return new(asked, response.StatusCode, await ReadAsync(asked, response.Content, either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unavailable,
                $"{asked} was not answered within {_options.RequestTimeout} (RequestTimeout): check that the registry runs and can be reached.",
                e
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Unavailable,
                $"{asked} failed: {e.Message} Check that the registry runs and can be reached{(url.Name.StartsWith("https", StringComparison.Ordinal) ? ", and that its certificate is trusted (CaCertificateFile) and for this host" : "")}.",
                e
            );
        }
    }

    private async ValueTask<AuthenticationHeaderValue?> TokenAsync(CancellationToken ct)
    {
        if (_options.TokenProvider is null && _options.BearerToken is null)
            return null;
        string? token;
        try
        {
            token = _options.TokenProvider is { } provider ? await provider(ct).ConfigureAwait(false) : _options.BearerToken;
        }
        // Whatever the user's provider does: without a token there is no answer, and its words may hold what must not be shown.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SchemaRegistryException(
                SchemaRegistryFault.Denied,
                $"No bearer token for the schema registry {Name}: what was given to UseBearerToken threw {e.GetType().Name}."
            );
        }
        if (string.IsNullOrWhiteSpace(token) || token.Any(c => c is < '!' or > '~'))
            throw new SchemaRegistryException(
                SchemaRegistryFault.Denied,
                $"The bearer token for the schema registry {Name} is empty or holds a character that none may hold."
            );
        return new("Bearer", token);
    }

    private static void ThrowUnlessAnswer(string asked, HttpStatusCode status)
    {
        switch ((int)status)
        {
            case 200 or 404 or 409 or 422:
                return;
            case 401 or 403 or 407:
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Denied,
                    $"{asked} was refused with {(int)status}: {(status == HttpStatusCode.Forbidden ? "give the registry's user the right to do this" : "set User and Password, BearerToken or a client certificate in the registry's options, or correct them")}."
                );
            case 408 or 425 or 429 or >= 500:
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Unavailable,
                    $"{asked} was answered with {(int)status}: the registry cannot answer now."
                );
            case >= 300 and < 400:
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Protocol,
                    $"{asked} was answered with a redirect ({(int)status}), which is never followed: name the address that answers in Urls."
                );
            default:
                throw new SchemaRegistryException(
                    SchemaRegistryFault.Protocol,
                    $"{asked} was answered with {(int)status}, which a schema registry does not: check that Urls names one with Confluent's API, with its full path."
                );
        }
    }

    private async ValueTask<byte[]> ReadAsync(string asked, HttpContent content, CancellationToken ct)
    {
        var most = _options.MaxAnswerBytes;
        if (content.Headers.ContentLength > most)
            throw TooLarge(asked);
        using var answer = new MemoryStream();
        var stream = await content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        var chunk = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(chunk, ct).ConfigureAwait(false)) > 0)
        {
            if (answer.Length + read > most)
                throw TooLarge(asked);
            answer.Write(chunk, 0, read);
        }
        return answer.ToArray();
    }

    private SchemaRegistryException TooLarge(string asked) =>
        new(
            SchemaRegistryFault.Unusable,
            $"{asked} was answered with more than {_options.MaxAnswerBytes} bytes: raise MaxAnswerBytes if schemas may be so large."
        );
}
