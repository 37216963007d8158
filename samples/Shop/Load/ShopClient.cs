using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Shop.Contracts;
using Shop.Orders;
using Shop.Running;
using Shop.Services;

namespace Shop.Load;

/// <summary>Calls the services over HTTP, as any customer or operator does.</summary>
internal sealed class ShopClient(Fleet fleet) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };
    private long _interrupted;

    /// <summary>Requests whose connection broke before the answer came.</summary>
    public long Interrupted => Interlocked.Read(ref _interrupted);

    /// <summary>
    /// Sends one command until it is answered. A broken connection says nothing about what became of the command, so it is sent again once the service is up;
    /// any other answer than success is an error.
    /// </summary>
    /// <returns>The token of the state that the command made; null if it changed nothing (any more).</returns>
    public async Task<string?> SendAsync(Step step, CancellationToken ct)
    {
        while (true)
        {
            var service = await fleet.UrlAsync(Role.Orders, ct);
            try
            {
                using var request = new HttpRequestMessage(step.Method, new Uri(service, step.Path));
                request.Content = step.Body is { } body ? JsonContent.Create(body, body.GetType(), options: Json) : null;
                using var response = await _http.SendAsync(request, ct);
                await RequireSuccessAsync(response, ct);
                return (await response.Content.ReadFromJsonAsync<Accepted>(Json, ct))?.Token;
            }
            // Without a status the request met no service, or lost it.
            catch (HttpRequestException e) when (e.StatusCode is null)
            {
                Interlocked.Increment(ref _interrupted);
                await Task.Delay(20, ct);
            }
        }
    }

    /// <summary>An order as a service knows it; null if the service says that there is none.</summary>
    public Task<OrderState?> OrderAsync(Role role, Guid id, string? after, CancellationToken ct) =>
        OrderAsync<OrderState>(role, id, after, ct);

    /// <summary>The same, of a service that knows orders in another shape.</summary>
    public async Task<TOrder?> OrderAsync<TOrder>(Role role, Guid id, string? after, CancellationToken ct)
        where TOrder : class
    {
        var query = after is null ? "" : $"?after={Uri.EscapeDataString(after)}";
        using var response = await _http.GetAsync(new Uri(await fleet.UrlAsync(role, ct), $"orders/{id}{query}"), ct);
        if (response.StatusCode == System.Net.HttpStatusCode.NotFound)
            return null;
        await RequireSuccessAsync(response, ct);
        return await response.Content.ReadFromJsonAsync<TOrder>(Json, ct);
    }

    public async Task<ServiceStatus> StatusAsync(Uri service, CancellationToken ct) =>
        await _http.GetFromJsonAsync<ServiceStatus>(new Uri(service, "statecast"), Json, ct)
        ?? throw new InvalidOperationException($"{service} told nothing of its status.");

    public async Task<ServiceStatus> StatusAsync(Role role, CancellationToken ct) => await StatusAsync(await fleet.UrlAsync(role, ct), ct);

    /// <summary>Returns when a service has nothing under way.</summary>
    public async Task WhenIdleAsync(Role role, CancellationToken ct)
    {
        using var response = await _http.PostAsync(new Uri(await fleet.UrlAsync(role, ct), "statecast/idle"), null, ct);
        await RequireSuccessAsync(response, ct);
    }

    public void Dispose() => _http.Dispose();

    private static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.IsSuccessStatusCode)
            return;
        var request = response.RequestMessage!;
        throw new HttpRequestException(
            $"{request.Method} {request.RequestUri} was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}",
            null,
            response.StatusCode
        );
    }
}
