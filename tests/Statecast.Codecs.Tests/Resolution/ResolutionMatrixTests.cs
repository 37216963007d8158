using Statecast.Codecs.Tests.Apache;
using Statecast.Codecs.Tests.Python;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Tests.Serialization.Avro;
using Xunit;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>The specification's matrix, row by row beside both peers: what we refuse they refuse, and what we read one of them reads, but for what is listed here.</summary>
public sealed class ResolutionMatrixTests
{
    [Fact]
    public async Task Nothing_is_refused_that_a_peer_resolves_but_by_a_known_fault()
    {
        PythonOracle.Require();
        var asked = (await AskAsync()).Where(a => a.IsRefused).ToList();
        // Each row of the square that is refused, and those of records, enums, fixed, unions and logical types.
        Assert.InRange(asked.Count, 150, 400);
        var resolved = asked
            .Where(a => a.Python is not null)
            .Select(a => $"python-avro: {a}")
            .Concat(asked.Where(a => a.Apache is not null).Select(a => $"Apache.Avro: {a}"));
        RequireKnown(MatrixFaults.ReadsRefused, resolved);
    }

    [Fact]
    public async Task Nothing_is_read_that_no_peer_resolves_but_by_a_known_fault()
    {
        PythonOracle.Require();
        var asked = (await AskAsync()).Where(a => !a.IsRefused).ToList();
        Assert.InRange(asked.Count, 60, 400);
        var refused = asked.Where(a => a.Python is null && a.Apache is null).Select(a => a.ToString());
        RequireKnown(MatrixFaults.NobodyReads, refused);
    }

    // A new fault and one that is gone are noticed alike.
    private static void RequireKnown(IReadOnlyDictionary<string, string> known, IEnumerable<string> met)
    {
        var all = met.ToHashSet();
        Assert.True(
            all.SetEquals(known.Keys),
            $"new:\n{string.Join('\n', all.Except(known.Keys))}\ngone:\n{string.Join('\n', known.Keys.Except(all))}"
        );
    }

    private static async Task<IReadOnlyList<Asked>> AskAsync()
    {
        // A row without a body is about the schemas: then of every body, or of none.
        var rows = AvroResolutionRows
            .All.SelectMany(r => Bodies(r).Select(b => (Row: r, Body: b)))
            .DistinctBy(r => (r.Row.Writer, r.Row.Reader, Convert.ToHexString(r.Body)))
            .ToList();
        var answers = await PythonOracle.AskAsync([
            .. rows.Select(r => Question.Of(r.Row.Writer, r.Row.Reader, [Convert.ToHexStringLower(r.Body)])),
        ]);
        return
        [
            .. rows.Select(
                (r, i) =>
                    new Asked(
                        r.Row.Writer,
                        r.Row.Reader,
                        Convert.ToHexStringLower(r.Body),
                        r.Row.Body is null ? r.Row.Rule is not null : r.Row.Value is null,
                        answers.All[i].Bodies![0].Avro,
                        new ApacheOracle(r.Row.Reader).Resolve(r.Row.Writer, r.Body).Body
                    )
            ),
        ];
    }

    private static IEnumerable<byte[]> Bodies(AvroResolutionRow row)
    {
        if (row.Body is not null)
            return [Convert.FromHexString(row.Body)];
        var writer = AvroSchema.Parse(row.Writer);
        var resolution = AvroResolution.Of(writer, AvroSchema.Parse(row.Reader));
        // Of a union that is partly read a row without a body does not say which branch it is.
        return writer is AvroUnion { Branches.Count: 0 } || (resolution.Plan is not null && !resolution.ReadsAll)
            ? []
            : CoveringBodies.Of(writer);
    }

    private sealed record Asked(string Writer, string Reader, string Body, bool IsRefused, string? Python, byte[]? Apache)
    {
        public override string ToString() => $"{Writer} {Body} as {Reader}";
    }
}
