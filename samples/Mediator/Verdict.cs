namespace Store;

/// <summary>One thing that was counted, and what it must be.</summary>
internal sealed record Finding(string What, int Found, int Expected, bool AtLeast = false)
{
    public bool IsRight => AtLeast ? Found >= Expected : Found == Expected;
}

/// <summary>What the run came to.</summary>
internal sealed record Verdict(IReadOnlyList<Finding> Findings)
{
    public bool IsRight => Findings.All(f => f.IsRight);

    public void Write(TextWriter output)
    {
        foreach (var finding in Findings)
            output.WriteLine(
                $"{finding.What, -62} {finding.Found, 6} of {(finding.AtLeast ? "at least " : "")}{finding.Expected}{(finding.IsRight ? "" : "   WRONG")}"
            );
        output.WriteLine(IsRight ? "Verdict: right." : "Verdict: WRONG.");
    }
}
