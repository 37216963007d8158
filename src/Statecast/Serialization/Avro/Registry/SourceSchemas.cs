using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>What a source does at its start: finds its contract's schema under the subject, or registers it, or says what stands in the way.</summary>
internal sealed class SourceSchemas(ISchemaRegistry registry, SchemaRegistryOptions options, ILogger logger)
{
    /// <exception cref="SchemaRegistryException">Missing and not to be registered, or incompatible: names contract, subject, rule and way out.</exception>
    public async ValueTask<RegisteredSchema> EnsureAsync(StateContract contract, string subject, CancellationToken ct)
    {
        var normal = AvroSchema.Parse(contract.AvroSchema).ToJson();
        // Servers differ in what they take for the same; ours is what makes no difference to the bytes.
        if (await registry.FindAsync(subject, contract.AvroSchema, ct).ConfigureAwait(false) is { } same && same.Normal == normal)
            return Found(contract, subject, same);
        var history = await registry.HistoryAsync(subject, ct).ConfigureAwait(false);
        if (history.LastOrDefault(s => s.Normal == normal) is { } known)
            return Found(contract, subject, known);
        if (Judge(contract, history) is { IsCompatible: false } report)
            throw Incompatible(contract, subject, report, null);
        if (!options.AutoRegister)
            throw new SchemaRegistryException(
                SchemaRegistryFault.Missing,
                $"The schema of {contract.Destination} is not registered under '{subject}' of the registry {registry.Name}, and this service may not register it. "
                    + $"Register the newest .avsc of the contract's lock there from where it is released (POST subjects/{subject}/versions), or set AutoRegister of the registry's options to true."
            );
        try
        {
            var registered = await registry.RegisterAsync(subject, contract.AvroSchema, ct).ConfigureAwait(false);
            RegistryLog.Registered(logger, registry.Name, contract.Destination, subject, registered.Id);
            return registered;
        }
        catch (SchemaRegistryException e) when (e.Fault is SchemaRegistryFault.Incompatible or SchemaRegistryFault.Unusable)
        {
            throw Incompatible(contract, subject, Judge(contract, history), e);
        }
    }

    private RegisteredSchema Found(StateContract contract, string subject, RegisteredSchema schema)
    {
        RegistryLog.Found(logger, registry.Name, contract.Destination, subject, schema.Id);
        return schema;
    }

    private CompatibilityReport? Judge(StateContract contract, IReadOnlyList<RegisteredSchema> history) =>
        options.Compatibility is { } mode
            ? SchemaCompatibility.Check(mode, AvroSchema.Parse(contract.AvroSchema), [.. history.Select(h => h.Schema)])
            : null;

    private SchemaRegistryException Incompatible(
        StateContract contract,
        string subject,
        CompatibilityReport? report,
        SchemaRegistryException? refusal
    )
    {
        var rule = report is { IsCompatible: false }
            ? $"by {options.Compatibility}: {Shown(report)}"
            : $"by the registry's rule. {refusal!.Message}";
        return new(
            SchemaRegistryFault.Incompatible,
            $"The schema of {contract.Destination} may not follow those under '{subject}' of the registry {registry.Name}, {rule} "
                + $"Mend the change as said; or raise the contract's major ([StateContract(\"{contract.Name}\", Version = {contract.Major + 1})]), which is a destination and a subject of its own; or, if every reader can bear it, change Compatibility of the registry's options and the subject's compatibility level.",
            refusal
        );
    }

    private static string Shown(CompatibilityReport report)
    {
        const int most = 5;
        var shown = string.Join(' ', report.Problems.Take(most).Select(p => $"[{p.Rule}] {p}"));
        return report.Problems.Count > most ? $"{shown} And {report.Problems.Count - most} more." : shown;
    }
}
