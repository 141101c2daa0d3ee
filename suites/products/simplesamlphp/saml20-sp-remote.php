<?php
// Our metadata as we publish it, read by SimpleSAMLphp's own reader; then what it is told to do for us.
foreach (\SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile('FOLDER/sp.xml') as $entity) {
    $service = $entity->getMetadata20SP();
    unset($service['entityDescriptor'], $service['metadata-set']);
    $metadata[$service['entityid']] = $service + [OPTIONS];
}
